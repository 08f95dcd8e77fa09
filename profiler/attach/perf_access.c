/* SPDX-License-Identifier: MIT */
#include "profiler/attach/perf_access.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/drain/perf_regs.h"

/* Linux 6.0; Debian 12's headers may be older than the kernel. */
enum { READ_LOST = 1 << 4 };

int pf_perf_open(const struct perf_event_attr *attr, pid_t tid, int cpu)
{
    long fd = syscall(SYS_perf_event_open, attr, tid, cpu, -1, (unsigned long)PERF_FLAG_FD_CLOEXEC);

    return fd >= 0 ? (int)fd : -errno;
}

static int read_number(const char *path, int otherwise)
{
    char text[32];

    return pf_proc_read_text(path, text, sizeof text) ? (int)strtol(text, NULL, 10) : otherwise;
}

static struct perf_event_attr clock_attr(void)
{
    return (struct perf_event_attr){
        .size = sizeof(struct perf_event_attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .freq = 1,
        .sample_freq = 99,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .disabled = 1,
    };
}

/* Does the kernel take this event, for ourselves (0, -1) or all of a CPU (-1, 0)? 0 or -errno. */
static int try_on(const struct perf_event_attr *attr, pid_t tid, int cpu)
{
    int fd = pf_perf_open(attr, tid, cpu);

    if (fd < 0)
        return fd;
    (void)close(fd);
    return 0;
}

static bool explain_refusal(int why, int paranoid, struct pf_err *err)
{
    if (why == ENOSYS)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "perf events: this kernel is built without them "
                          "(CONFIG_PERF_EVENTS): " PF_PERF_OTHERWISE);
    if (why != EACCES && why != EPERM)
        return pf_err_sys(err, why, "perf events: perf_event_open");
    if (paranoid > 2 && paranoid != PF_PERF_PARANOID_UNKNOWN)
        return pf_err_set(
            err, PF_ERR_DENIED,
            "perf events are not permitted (perf_event_paranoid=%d): run as root, lower "
            "it (sysctl kernel.perf_event_paranoid=2), or " PF_PERF_OTHERWISE,
            paranoid);
    return pf_err_set(
        err, PF_ERR_DENIED,
        "perf events are not permitted (perf_event_paranoid=%d allows them, so a seccomp "
        "filter forbids them, as in a container): run it with CAP_PERFMON, or " PF_PERF_OTHERWISE,
        paranoid);
}

bool pf_perf_probe(struct pf_perf_access *out, struct pf_err *err)
{
    struct perf_event_attr attr = clock_attr();
    struct pf_perf_access access = {
        .paranoid = read_number("/proc/sys/kernel/perf_event_paranoid", PF_PERF_PARANOID_UNKNOWN)};

    int refused = try_on(&attr, 0, -1);
    if (refused != 0)
        return explain_refusal(-refused, access.paranoid, err);

    attr.read_format = READ_LOST;
    access.has_lost = try_on(&attr, 0, -1) == 0;
    attr.read_format = 0;
    attr.exclude_kernel = 0;
    access.has_kernel = try_on(&attr, 0, -1) == 0;
    access.has_all = access.has_kernel && try_on(&attr, -1, 0) == 0;
    attr.exclude_kernel = 1;
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_CPU_CYCLES;
    access.has_cycles = try_on(&attr, 0, -1) == 0;
    *out = access;
    return true;
}

bool pf_perf_check_rate(uint32_t frequency_hz, struct pf_err *err)
{
    int max = read_number("/proc/sys/kernel/perf_event_max_sample_rate", 0);

    if (max <= 0 || frequency_hz <= (uint32_t)max)
        return true;
    return pf_err_set(err, PF_ERR_LIMIT,
                      "-F %u: the kernel allows at most %d samples a second "
                      "(/proc/sys/kernel/perf_event_max_sample_rate): ask for fewer",
                      frequency_hz, max);
}

void pf_perf_sampler(struct perf_event_attr *out, const struct pf_perf_access *access,
                     const struct pf_perf_wish *wish)
{
    struct perf_event_attr attr = clock_attr();

    if (access->has_cycles) {
        attr.type = PERF_TYPE_HARDWARE;
        attr.config = PERF_COUNT_HW_CPU_CYCLES;
    }
    attr.sample_freq = wish->frequency_hz;
    attr.exclude_kernel = !access->has_kernel;
    attr.inherit = !wish->whole_cpu;
    attr.inherit_thread = !wish->whole_cpu && wish->threads_only;
    attr.exclude_idle = wish->whole_cpu;
    attr.disabled = wish->on_exec && !wish->whole_cpu; /* a CPU never execs */
    attr.enable_on_exec = wish->on_exec && !wish->whole_cpu;
    attr.mmap = 1;
    attr.mmap2 = 1;
    attr.comm = 1;
    attr.comm_exec = 1;
    attr.task = 1;
    attr.context_switch = wish->with_switches;
    attr.sample_id_all = 1;
    attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU
                       | PERF_SAMPLE_PERIOD | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    if (access->has_kernel) {
        attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
        attr.exclude_callchain_user = 1; /* the user side is ours to unwind */
    }
    attr.sample_regs_user = pf_perf_regs_mask();
    attr.sample_stack_user = wish->stack_bytes;
    attr.read_format = PERF_FORMAT_TOTAL_TIME_RUNNING | (access->has_lost ? READ_LOST : 0);
    *out = attr;
}

void pf_perf_carrier(struct perf_event_attr *out, uint32_t wakeup_bytes)
{
    struct perf_event_attr attr = clock_attr();

    attr.config = PERF_COUNT_SW_DUMMY;
    attr.freq = 0;
    attr.sample_freq = 0;
    attr.watermark = 1;
    attr.wakeup_watermark = wakeup_bytes;
    *out = attr;
}
