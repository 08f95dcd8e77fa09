/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region.h"

#include "profiler/trace/region_live.h"
#include "profiler/trace/region_modules.h"
#include "profiler/trace/region_stacks.h"
#include "profiler/trace/region_threads.h"

struct pf_region_sizes pf_region_sizes_default(void)
{
    return (struct pf_region_sizes){.leaf_count = 2048,
                                    .pc_count = 16u << 20,
                                    .module_count = 4096,
                                    .thread_count = 16384,
                                    .work_bytes = 256ull << 20};
}

static uint64_t whole_pages(uint64_t size_bytes)
{
    return (size_bytes + PF_REGION_PAGE - 1) / PF_REGION_PAGE * PF_REGION_PAGE;
}

/* Where the parts lie, from the first byte on. */
struct plan {
    uint64_t directory_at, owners_at, leaves_at, stacks_at, pcs_at, modules_at, threads_at, work_at;
    uint64_t size_bytes;
};

/* Lays the parts one after the other; the only place that knows their order. */
static struct plan layout(const struct pf_region_sizes *sizes)
{
    struct plan plan = {.directory_at = sizeof(struct pf_region)};

    plan.owners_at = plan.directory_at + whole_pages(PF_LIVE_DIRECTORY_BYTES);
    plan.leaves_at = plan.owners_at + whole_pages((uint64_t)sizes->leaf_count * sizeof(uint32_t));
    plan.stacks_at = plan.leaves_at + (uint64_t)sizes->leaf_count * PF_LIVE_LEAF_BYTES;
    plan.pcs_at = plan.stacks_at + whole_pages(PF_STACKS_BYTES);
    plan.modules_at = plan.pcs_at + whole_pages((uint64_t)sizes->pc_count * sizeof(uint64_t));
    plan.threads_at =
        plan.modules_at
        + whole_pages((uint64_t)sizes->module_count * sizeof(struct pf_region_module));
    plan.work_at = plan.threads_at
                   + whole_pages((uint64_t)sizes->thread_count * sizeof(struct pf_region_thread));
    plan.size_bytes = plan.work_at + whole_pages(sizes->work_bytes);
    return plan;
}

uint64_t pf_region_bytes(const struct pf_region_sizes *sizes)
{
    return layout(sizes).size_bytes;
}

void pf_region_init(struct pf_region *region, const struct pf_region_sizes *sizes)
{
    struct plan plan = layout(sizes);

    region->version = PF_REGION_VERSION;
    region->header_bytes = sizeof *region;
    region->size_bytes = plan.size_bytes;
    region->sizes = *sizes;
    region->directory_at = plan.directory_at;
    region->owners_at = plan.owners_at;
    region->leaves_at = plan.leaves_at;
    region->stacks_at = plan.stacks_at;
    region->pcs_at = plan.pcs_at;
    region->modules_at = plan.modules_at;
    region->threads_at = plan.threads_at;
    region->work_at = plan.work_at;
    region->magic = PF_REGION_MAGIC;
    atomic_store(&region->leaf_next, 1);
    atomic_store(&region->thread_next, 1); /* slot 0 is shared by those that find none */
}

bool pf_region_check(const struct pf_region *region, uint64_t size_bytes)
{
    if (size_bytes < sizeof *region || region->magic != PF_REGION_MAGIC
        || region->version != PF_REGION_VERSION || region->header_bytes != sizeof *region
        || region->size_bytes > size_bytes)
        return false;

    struct pf_region_sizes sizes = region->sizes;
    if (sizes.leaf_count == 0 || sizes.thread_count == 0 || sizes.work_bytes > size_bytes)
        return false;
    struct plan plan = layout(&sizes);
    return region->directory_at == plan.directory_at && region->owners_at == plan.owners_at
           && region->leaves_at == plan.leaves_at && region->stacks_at == plan.stacks_at
           && region->pcs_at == plan.pcs_at && region->modules_at == plan.modules_at
           && region->threads_at == plan.threads_at && region->work_at == plan.work_at
           && region->size_bytes == plan.size_bytes;
}
