/* SPDX-License-Identifier: MIT */
#include "profiler/drain/perf_record.h"

#include <linux/perf_event.h>
#include <string.h>

#include "profiler/drain/perf_regs.h"

/* What sample_id_all appends to every record but samples: pid, tid, time, cpu and padding, id. */
enum { ID_TRAILER_BYTES = 32 };

static void read_trailer(struct pf_event *out, struct pf_bytes record)
{
    struct pf_cursor cursor =
        pf_cursor_view(pf_bytes_part(record, record.size - ID_TRAILER_BYTES, ID_TRAILER_BYTES));

    out->pid = (pid_t)pf_cursor_u32(&cursor);
    out->tid = (pid_t)pf_cursor_u32(&cursor);
    out->time_ns = pf_cursor_u64(&cursor);
    out->cpu = pf_cursor_u32(&cursor);
    (void)pf_cursor_u32(&cursor);
    out->event_id = pf_cursor_u64(&cursor);
}

static void read_callchain(struct pf_event_sample *sample, struct pf_cursor *cursor)
{
    uint64_t count = pf_cursor_u64(cursor);

    if (count > pf_cursor_left(cursor) / sizeof(uint64_t)) {
        cursor->failed = true;
        return;
    }
    struct pf_bytes chain = pf_cursor_bytes(cursor, count * sizeof(uint64_t));
    sample->callchain = chain.at;
    sample->callchain_count = (uint32_t)count;
}

static void read_stack(struct pf_event_sample *sample, struct pf_cursor *cursor)
{
    uint64_t size = pf_cursor_u64(cursor);

    if (size == 0)
        return;
    struct pf_bytes copied = pf_cursor_bytes(cursor, size);
    uint64_t valid = pf_cursor_u64(cursor);
    sample->stack_asked = (uint32_t)copied.size;
    sample->stack = pf_bytes_part(copied, 0, valid < copied.size ? valid : copied.size);
}

static void read_sample(struct pf_event *out, struct pf_cursor *cursor,
                        const struct pf_event_layout *layout)
{
    struct pf_event_sample *sample = &out->sample;

    out->event_id = pf_cursor_u64(cursor);
    out->pid = (pid_t)pf_cursor_u32(cursor);
    out->tid = (pid_t)pf_cursor_u32(cursor);
    out->time_ns = pf_cursor_u64(cursor);
    out->cpu = pf_cursor_u32(cursor);
    (void)pf_cursor_u32(cursor);
    sample->period = pf_cursor_u64(cursor);
    if (layout->has_callchain)
        read_callchain(sample, cursor);
    sample->has_regs = pf_cursor_u64(cursor) == PERF_SAMPLE_REGS_ABI_64;
    if (sample->has_regs)
        pf_perf_regs_decode(&sample->regs, cursor);
    read_stack(sample, cursor);
}

static void read_mmap2(struct pf_event *out, struct pf_cursor *cursor)
{
    struct pf_event_mmap *mmap = &out->mmap;

    out->pid = (pid_t)pf_cursor_u32(cursor);
    out->tid = (pid_t)pf_cursor_u32(cursor);
    mmap->start = pf_cursor_u64(cursor);
    mmap->size = pf_cursor_u64(cursor);
    mmap->file_offset = pf_cursor_u64(cursor);
    mmap->device_major = pf_cursor_u32(cursor);
    mmap->device_minor = pf_cursor_u32(cursor);
    mmap->inode = pf_cursor_u64(cursor);
    (void)pf_cursor_u64(cursor); /* inode generation */
    mmap->prot = pf_cursor_u32(cursor);
    (void)pf_cursor_u32(cursor); /* flags */
    mmap->path = pf_cursor_cstr(cursor);
}

static void read_comm(struct pf_event *out, struct pf_cursor *cursor, uint16_t misc)
{
    out->pid = (pid_t)pf_cursor_u32(cursor);
    out->tid = (pid_t)pf_cursor_u32(cursor);
    out->comm.is_exec = misc & PERF_RECORD_MISC_COMM_EXEC;
    out->comm.name = pf_cursor_cstr(cursor);
}

static void read_task(struct pf_event *out, struct pf_cursor *cursor)
{
    out->pid = (pid_t)pf_cursor_u32(cursor);
    out->task.parent_pid = (pid_t)pf_cursor_u32(cursor);
    out->tid = (pid_t)pf_cursor_u32(cursor);
    out->task.parent_tid = (pid_t)pf_cursor_u32(cursor);
}

static enum pf_event_kind kind_of(uint32_t type)
{
    switch (type) {
    case PERF_RECORD_SAMPLE:
        return PF_EVENT_SAMPLE;
    case PERF_RECORD_MMAP2:
        return PF_EVENT_MMAP;
    case PERF_RECORD_COMM:
        return PF_EVENT_COMM;
    case PERF_RECORD_FORK:
        return PF_EVENT_FORK;
    case PERF_RECORD_EXIT:
        return PF_EVENT_EXIT;
    case PERF_RECORD_LOST:
    case PERF_RECORD_LOST_SAMPLES:
        return PF_EVENT_LOST;
    case PERF_RECORD_THROTTLE:
        return PF_EVENT_THROTTLE;
    case PERF_RECORD_SWITCH:
        return PF_EVENT_SWITCH;
    default:
        return PF_EVENT_OTHER;
    }
}

static void read_lost(struct pf_event *out, struct pf_cursor *cursor, uint32_t type)
{
    if (type == PERF_RECORD_LOST)
        (void)pf_cursor_u64(cursor); /* id */
    out->lost_count = pf_cursor_u64(cursor);
}

static void read_body(struct pf_event *out, struct pf_cursor *cursor, uint32_t type, uint16_t misc)
{
    switch (out->kind) {
    case PF_EVENT_MMAP:
        read_mmap2(out, cursor);
        break;
    case PF_EVENT_COMM:
        read_comm(out, cursor, misc);
        break;
    case PF_EVENT_FORK:
    case PF_EVENT_EXIT:
        read_task(out, cursor);
        break;
    case PF_EVENT_LOST:
        read_lost(out, cursor, type);
        break;
    case PF_EVENT_SWITCH:
        out->sched.is_out = misc & PERF_RECORD_MISC_SWITCH_OUT;
        out->sched.is_preempted = misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
        break;
    default:
        break;
    }
}

bool pf_event_decode(struct pf_event *out, struct pf_bytes record,
                     const struct pf_event_layout *layout)
{
    struct pf_cursor header = pf_cursor_view(record);
    uint32_t type = pf_cursor_u32(&header);
    uint16_t misc = pf_cursor_u16(&header);
    uint16_t size = pf_cursor_u16(&header);

    if (header.failed || size != record.size)
        return false;

    memset(out, 0, sizeof *out);
    out->kind = kind_of(type);
    if (out->kind == PF_EVENT_SAMPLE) {
        out->sample.is_kernel = (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
        read_sample(out, &header, layout);
        return !header.failed;
    }
    if (pf_cursor_left(&header) < ID_TRAILER_BYTES)
        return out->kind == PF_EVENT_OTHER;

    struct pf_cursor body = header;
    body.end -= ID_TRAILER_BYTES;
    read_trailer(out, record);
    read_body(out, &body, type, misc);
    return !body.failed;
}

uint64_t pf_event_time_ns(struct pf_bytes record)
{
    struct pf_cursor cursor = pf_cursor_view(record);
    uint32_t type = pf_cursor_u32(&cursor);
    uint64_t skip = type == PERF_RECORD_SAMPLE ? 8 + 8 + 8 : record.size - ID_TRAILER_BYTES + 8;

    if (type != PERF_RECORD_SAMPLE && record.size < ID_TRAILER_BYTES + 8)
        return 0;
    cursor = pf_cursor_view(pf_bytes_part(record, skip, sizeof(uint64_t)));
    return pf_cursor_u64(&cursor);
}
