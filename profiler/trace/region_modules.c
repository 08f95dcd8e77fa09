/* SPDX-License-Identifier: MIT */
#include "profiler/trace/region_modules.h"

#include <string.h>

static struct pf_region_module *record(const struct pf_region *region, uint32_t index)
{
    return (struct pf_region_module *)pf_region_part(region, region->modules_at) + index;
}

bool pf_module_add(struct pf_region *region, const struct pf_region_module *module)
{
    uint32_t index = atomic_load(&region->module_next);

    if (index >= region->sizes.module_count) {
        atomic_fetch_add(&region->modules_dropped, 1);
        return false;
    }
    *record(region, index) = *module;
    record(region, index)->is_complete = 1;
    atomic_store_explicit(&region->module_next, index + 1, memory_order_release);
    return true;
}

static bool is_valid(const struct pf_region_module *module)
{
    return module->is_complete == 1 && module->build_id_size <= PF_MODULE_BUILD_ID_MAX
           && memchr(module->path, 0, sizeof module->path) && module->start < module->end;
}

static bool is_there(const struct pf_region *region, uint32_t index)
{
    return index < atomic_load_explicit(&region->module_next, memory_order_acquire)
           && index < region->sizes.module_count;
}

bool pf_module_read(const struct pf_region *region, uint32_t index, struct pf_region_module *out)
{
    if (!is_there(region, index))
        return false;
    *out = *record(region, index);
    return is_valid(out);
}

const struct pf_region_module *pf_module_view(const struct pf_region *region, uint32_t index)
{
    return is_there(region, index) && is_valid(record(region, index)) ? record(region, index)
                                                                      : NULL;
}
