/*
 * Any bytes in the memory that agents share with the collector: rings, stacks, objects, counters,
 * and the layout itself.
 *
 * Input: writes. A byte chooses the part, two where in it (in words), one how many bytes follow.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "profiler/attach/agent_host.h"
#include "profiler/attach/agent_region.h"
#include "profiler/base/clock.h"
#include "profiler/session/agent_samples.h"
#include "profiler/session/agent_totals.h"

enum { NOBODY = 0x3ffffff, PERIOD_NS = 10000000, DRAINS = 2 };

static const struct pf_region_sizes sizes = {
    .leaf_count = 1, .pc_count = 4096, .module_count = 8, .thread_count = 8, .work_bytes = 1 << 20};

static void scribble(const struct pf_region *region, int fd, const uint8_t *data, size_t size)
{
    const uint64_t parts[] = {0,
                              PF_REGION_PAGE,
                              region->stacks_at,
                              region->pcs_at,
                              region->modules_at,
                              region->threads_at,
                              region->work_at,
                              region->directory_at};

    while (size >= 4) {
        uint64_t at = parts[data[0] % (sizeof parts / sizeof parts[0])]
                      + 8 * (data[1] | (uint64_t)data[2] << 8);
        size_t length = data[3] < size - 4 ? data[3] : size - 4;
        if (at + length <= region->size_bytes && pwrite(fd, data + 4, length, (off_t)at) < 0)
            abort();
        data += 4 + length;
        size -= 4 + length;
    }
}

/* A process that lives no more: all that is known of it is in its region. */
static void take_all(struct pf_agent_host *host)
{
    struct pf_agent_samples samples;
    struct pf_summary summary = {0};
    struct pf_profile profile;

    pf_profile_init(&profile);
    (void)pf_profile_add_value_type(&profile, "samples", "count");
    (void)pf_profile_add_value_type(&profile, "cpu", "nanoseconds");
    pf_agent_samples_init(&samples, &profile, PERIOD_NS, true);
    samples.is_begun = true;
    for (unsigned i = 0; i < DRAINS; i++)
        pf_agent_samples_drain(&samples, host);
    pf_agent_samples_summarise(&samples, &summary);
    pf_agent_samples_fini(&samples);
    pf_profile_fini(&profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_agent_process process = {
        .pid = NOBODY, .is_mapped = true, .start_ns = pf_clock_now_ns(), .exe = "/usr/sbin/server"};
    struct pf_agent_host host = {.processes = &process, .process_count = 1};

    int fd = pf_agent_region_make(&sizes, &process.region);
    if (fd < 0)
        abort();
    process.region_bytes = process.region->size_bytes;
    scribble(process.region, fd, data, size);
    take_all(&host);
    pf_agent_host_release(&host, 0);
    (void)close(fd);
    return 0;
}
