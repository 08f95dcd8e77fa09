/* SPDX-License-Identifier: MIT */
#include "profiler/drain/perf_record.h"

#include <criterion/criterion.h>
#include <linux/perf_event.h>
#include <string.h>

#include "profiler/drain/perf_regs.h"

/* A record under construction: words of the kernel's layout. */
struct build {
    uint64_t words[8192];
    uint32_t count;
};

static void put(struct build *build, uint64_t word)
{
    build->words[build->count++] = word;
}

static void put_two(struct build *build, uint32_t low, uint32_t high)
{
    put(build, low | (uint64_t)high << 32);
}

static void begin(struct build *build, uint32_t type, uint16_t misc)
{
    memset(build, 0, sizeof *build);
    put_two(build, type, misc);
}

static void put_trailer(struct build *build)
{
    put_two(build, 7, 8);
    put(build, 123456789);
    put_two(build, 3, 0);
    put(build, 77);
}

static struct pf_bytes finish(struct build *build)
{
    struct pf_bytes record = {build->words, build->count * sizeof(uint64_t)};

    build->words[0] |= (uint64_t)record.size << 48;
    return record;
}

static uint32_t regs_count(void)
{
    return (uint32_t)__builtin_popcountll(pf_perf_regs_mask());
}

static struct pf_bytes build_sample(struct build *build, bool has_chain)
{
    begin(build, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
    put(build, 66);
    put_two(build, 100, 101);
    put(build, 5000);
    put_two(build, 1, 0);
    put(build, 10101010);
    if (has_chain) {
        put(build, 2);
        put(build, PERF_CONTEXT_KERNEL);
        put(build, 0xffffffff81000000);
    }
    put(build, PERF_SAMPLE_REGS_ABI_64);
    for (uint32_t i = 0; i < regs_count(); i++)
        put(build, 0x1000 + i);
    put(build, 32);
    for (uint32_t i = 0; i < 4; i++)
        put(build, 0xaa00 + i);
    put(build, 16);
    return finish(build);
}

static const struct pf_event_layout plain = {0};
static const struct pf_event_layout with_chain = {.has_callchain = true};

Test(perf_record, sample_is_spelled_out)
{
    static struct build build;
    struct pf_event event;

    cr_assert(pf_event_decode(&event, build_sample(&build, true), &with_chain));

    cr_expect_eq(event.kind, PF_EVENT_SAMPLE);
    cr_expect_eq(event.event_id, 66u);
    cr_expect_eq(event.pid, 100);
    cr_expect_eq(event.tid, 101);
    cr_expect_eq(event.cpu, 1u);
    cr_expect_eq(event.time_ns, 5000u);
    cr_expect(event.sample.is_kernel);
    cr_expect_eq(event.sample.period, 10101010u);
    cr_expect_eq(event.sample.callchain_count, 2u);
    cr_expect_eq(event.sample.callchain[1], 0xffffffff81000000);
    cr_expect(event.sample.has_regs);
    /* The kernel's order on x86-64: ax bx cx dx si di bp sp ip r8 ... r15. */
    cr_expect_eq(event.sample.regs.at[PF_REG_RAX], 0x1000u);
    cr_expect_eq(event.sample.regs.at[PF_REG_RBX], 0x1001u);
    cr_expect_eq(event.sample.regs.at[PF_REG_RDX], 0x1003u);
    cr_expect_eq(event.sample.regs.at[PF_REG_RSP], 0x1007u);
    cr_expect_eq(event.sample.regs.at[PF_REG_PC], 0x1008u);
    cr_expect_eq(event.sample.regs.at[PF_REG_R15], 0x1010u);
    cr_expect_eq(event.sample.regs.known, (1u << PF_REG_COUNT) - 1);
    cr_expect_eq(event.sample.stack.size, 16u);
    cr_expect_eq(event.sample.stack_asked, 32u);
    cr_expect_eq(((const uint64_t *)event.sample.stack.at)[1], 0xaa01u);
}

Test(perf_record, every_truncation_of_a_sample_is_refused)
{
    static struct build build;
    struct pf_event event;
    struct pf_bytes whole = build_sample(&build, true);

    /* Shorter bytes under the same header, and a header that agrees with them. */
    for (size_t size = 0; size < whole.size; size++) {
        cr_expect_not(pf_event_decode(&event, (struct pf_bytes){whole.at, size}, &with_chain));
        build.words[0] = (build.words[0] & 0xffffffffffff) | (uint64_t)size << 48;
        cr_expect_not(pf_event_decode(&event, (struct pf_bytes){whole.at, size}, &with_chain),
                      "size %zu", size);
        build.words[0] = (build.words[0] & 0xffffffffffff) | (uint64_t)whole.size << 48;
    }
}

Test(perf_record, hostile_lengths_are_refused)
{
    static struct build build;
    struct pf_event event;
    struct pf_bytes record = build_sample(&build, true);

    build.words[6] = UINT64_MAX; /* callchain length */
    cr_expect_not(pf_event_decode(&event, record, &with_chain));

    record = build_sample(&build, false);
    build.words[7 + regs_count()] = UINT64_MAX - 7; /* stack length */
    cr_expect_not(pf_event_decode(&event, record, &plain));

    record = build_sample(&build, false);
    build.words[build.count - 1] = UINT64_MAX; /* more valid bytes than copied ones */
    cr_expect(pf_event_decode(&event, record, &plain));
    cr_expect_eq(event.sample.stack.size, 32u);
}

Test(perf_record, mapping_and_its_path)
{
    static struct build build;
    struct pf_event event;

    begin(&build, PERF_RECORD_MMAP2, 0);
    put_two(&build, 9, 10);
    put(&build, 0x7f0000001000);
    put(&build, 0x2000);
    put(&build, 0x3000);
    put_two(&build, 8, 1);
    put(&build, 4242);
    put(&build, 0);
    put_two(&build, 5, 2);
    memcpy(&build.words[build.count], "/lib/x.so", 10);
    build.count += 2;
    put_trailer(&build);
    struct pf_bytes record = finish(&build);

    cr_assert(pf_event_decode(&event, record, &plain));
    cr_expect_eq(event.kind, PF_EVENT_MMAP);
    cr_expect_eq(event.pid, 9);
    cr_expect_eq(event.mmap.start, 0x7f0000001000u);
    cr_expect_eq(event.mmap.size, 0x2000u);
    cr_expect_eq(event.mmap.file_offset, 0x3000u);
    cr_expect_eq(event.mmap.inode, 4242u);
    cr_expect_eq(event.mmap.device_major, 8u);
    cr_expect_eq(event.mmap.prot, 5u);
    cr_expect_str_eq(event.mmap.path, "/lib/x.so");
    cr_expect_eq(event.time_ns, 123456789u);
    cr_expect_eq(pf_event_time_ns(record), 123456789u);

    /* A path that runs into the trailer has no end of its own. */
    memset(&build.words[9], 'a', 16);
    cr_expect_not(pf_event_decode(&event, record, &plain));
}

struct variant {
    uint32_t type;
    uint16_t misc;
    enum pf_event_kind kind;
};

Test(perf_record, small_records_by_kind)
{
    static const struct variant variants[] = {
        {PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, PF_EVENT_COMM},
        {PERF_RECORD_FORK, 0, PF_EVENT_FORK},
        {PERF_RECORD_EXIT, 0, PF_EVENT_EXIT},
        {PERF_RECORD_LOST, 0, PF_EVENT_LOST},
        {PERF_RECORD_LOST_SAMPLES, 0, PF_EVENT_LOST},
        {PERF_RECORD_THROTTLE, 0, PF_EVENT_THROTTLE},
        {PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT, PF_EVENT_SWITCH},
        {77, 0, PF_EVENT_OTHER},
    };
    static struct build build;
    struct pf_event event;

    for (unsigned i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        begin(&build, variants[i].type, variants[i].misc);
        put_two(&build, 21, 22);
        put_two(&build, 23, 0);
        put_trailer(&build);
        cr_assert(pf_event_decode(&event, finish(&build), &plain), "variant %u", i);
        cr_expect_eq(event.kind, variants[i].kind, "variant %u", i);
        cr_expect_eq(event.time_ns, 123456789u);
        if (event.kind == PF_EVENT_COMM)
            cr_expect(event.comm.is_exec);
        if (event.kind == PF_EVENT_SWITCH)
            cr_expect(event.sched.is_out && !event.sched.is_preempted);
        if (event.kind == PF_EVENT_FORK) {
            cr_expect_eq(event.pid, 21);
            cr_expect_eq(event.task.parent_pid, 22);
            cr_expect_eq(event.tid, 23);
        }
    }
}

Test(perf_record, lost_records_are_counted_not_their_ids)
{
    static struct build build;
    struct pf_event event;

    begin(&build, PERF_RECORD_LOST, 0);
    put(&build, 999);
    put(&build, 17);
    put_trailer(&build);
    cr_assert(pf_event_decode(&event, finish(&build), &plain));
    cr_expect_eq(event.lost_count, 17u);
    cr_expect_eq(event.event_id, 77u);
}

Test(perf_record, kernel_thread_has_no_registers)
{
    static struct build build;
    struct pf_event event;

    begin(&build, PERF_RECORD_SAMPLE, 0);
    for (int i = 0; i < 5; i++)
        put(&build, 1);
    put(&build, PERF_SAMPLE_REGS_ABI_NONE);
    put(&build, 0);
    cr_assert(pf_event_decode(&event, finish(&build), &plain));
    cr_expect_not(event.sample.has_regs);
    cr_expect_eq(event.sample.stack.size, 0u);
}
