/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_asked.h"

#include <stdio.h>

#include "profiler/attach/agent_host.h"
#include "profiler/base/clock.h"
#include "profiler/leak/leak_suppress.h"
#include "profiler/leak/leaks.h"
#include "profiler/session/leaks_fold.h"
#include "profiler/session/leaks_image.h"
#include "profiler/symbol/symbolize.h"
#include "profiler/trace/region_stacks.h"
#include "profiler/trace/region_threads.h"

/* Sums of what is reachable, which then is left out as inherited blocks are. */
static struct pf_leak_total set_reachable_aside(struct pf_leaks_blocks *blocks)
{
    struct pf_leak_total total = {0};

    for (uint32_t i = 0; i < blocks->count; i++) {
        if (blocks->at[i].kind != PF_LEAK_REACHABLE || blocks->at[i].stack == PF_STACK_INHERITED)
            continue;
        total.blocks++;
        total.bytes += blocks->at[i].size_bytes;
        blocks->at[i].stack = PF_STACK_INHERITED;
    }
    return total;
}

static void describe(struct pf_leaks *leaks, const struct pf_leaks_asker *asker)
{
    const struct pf_region *region = asker->process->region;

    (void)snprintf(leaks->engine, sizeof leaks->engine, "agent");
    (void)snprintf(leaks->command, sizeof leaks->command, "%s", asker->process->exe);
    leaks->pid = asker->process->pid;
    leaks->process_count = 1;
    leaks->allocations = pf_thread_sum(region, PF_COUNT_ALLOCS);
    leaks->lost_events = pf_thread_sum(region, PF_COUNT_DROPPED);
    if (leaks->lost_events)
        pf_leaks_say(leaks, "%llu allocations found the tables full and are missing.",
                     (unsigned long long)leaks->lost_events);
    if (asker->leave->missed)
        pf_leaks_say(leaks, "%u threads did not stop to be looked at: kinds may be wrong.",
                     asker->leave->missed);
}

static bool judge(struct pf_leaks *leaks, struct pf_leaks_image *image,
                  const struct pf_leaks_asker *asker, struct pf_err *err)
{
    struct pf_leaks_parts parts = {0};
    struct pf_symbolize symbolize = {0};
    struct pf_symbolize_stats stats = {0};
    struct pf_leak_suppress none = {0};
    uint64_t age_ns = pf_clock_now_ns() - asker->process->start_ns;

    pf_leaks_doubts_say(&image->doubts, leaks);
    pf_leaks_image_judge(image);
    struct pf_leak_total reachable = set_reachable_aside(&image->blocks);
    pf_leaks_fold(&parts, leaks, &image->blocks, asker->process->region,
                  (uint32_t)(age_ns / 1000000));
    bool ok = parts.count == 0 || pf_symbolize(&leaks->profile, &symbolize, &stats, err);
    if (ok)
        pf_leaks_settle(leaks, &parts, asker->suppress ? asker->suppress : &none);
    leaks->totals[PF_LEAK_REACHABLE] = reachable;
    pf_leaks_parts_fini(&parts);
    return ok;
}

bool pf_leaks_asked(struct pf_leaks *out, const struct pf_leaks_asker *asker, struct pf_err *err)
{
    const struct pf_leaks_held held = {asker->process->pid, asker->memory_fd,
                                       asker->process->region};
    struct pf_leaks_threads threads = {0};
    struct pf_leaks_image image = {0};
    struct pf_leaks leaks = {0};

    if (!pf_leaks_threads_asked(&threads, asker->process->region, asker->leave))
        return pf_err_set(err, PF_ERR_FORMAT, "process %d: its list of threads lies nowhere",
                          (int)asker->process->pid);
    pf_leaks_init(&leaks);
    describe(&leaks, asker);
    bool ok =
        pf_leaks_image_take(&image, &held, &threads, err) && judge(&leaks, &image, asker, err);
    if (ok)
        pf_leaks_move(out, &leaks);
    pf_leaks_fini(&leaks);
    pf_leaks_image_fini(&image);
    pf_leaks_threads_fini(&threads);
    return ok;
}
