/* SPDX-License-Identifier: MIT */
#include "profiler/agent/region_leave.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/code_objects.h"
#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/raw_call_x86_64.h"

enum { REST_TRIES = 50, REST_NS = 1000000 };

static bool is_at_rest(void)
{
    return ag_objects_are_at_rest() && ag_cpu_handler_is_at_rest();
}

bool ag_region_unlink(struct pf_region *region)
{
    struct timespec pause = {.tv_nsec = REST_NS};
    struct pf_region *linked = region;

    if (atomic_load(&ag_agent.region)
        || !atomic_compare_exchange_strong(&ag_agent.linked, &linked, NULL))
        return false;
    for (unsigned tries = 0; tries < REST_TRIES && !is_at_rest(); tries++)
        (void)AG_RAW_CALL(SYS_nanosleep, (uintptr_t)&pause, 0);
    return is_at_rest();
}

void ag_region_unmap_body(struct pf_region *region)
{
    (void)AG_RAW_CALL(SYS_munmap, (uintptr_t)region + sizeof *region,
                      region->size_bytes - sizeof *region);
}

void ag_region_unmap_head(struct pf_region *region)
{
    (void)AG_RAW_CALL(SYS_munmap, (uintptr_t)region, sizeof *region);
}
