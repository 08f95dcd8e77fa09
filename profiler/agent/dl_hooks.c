/*
 * dlopen and dlclose: what is mapped changes, so the code map is built anew afterwards.
 *
 * dlopen looks at who called it: a bare file name is searched along the caller's own DT_RUNPATH or
 * DT_RPATH, and $ORIGIN is the caller's. For such calls the loader must see the real caller, so
 * control is handed over to it by a jump and the map is built at the next of these calls instead.
 *
 * Context: target.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/code_objects.h"
#include "profiler/agent/dl_next.h"

#define AG_EXPORT __attribute__((visibility("default")))

static void look_again(void)
{
    int kept_errno = errno;

    if (atomic_load(&ag_agent.linked) && atomic_load(ag_agent.alive))
        ag_objects_update();
    errno = kept_errno;
}

static bool has_search_path(const void *caller)
{
    struct link_map *map = NULL;
    Dl_info info;

    if (!dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return true; /* not known: be careful */
    for (const ElfW(Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH)
            return true;
    return false;
}

bool ag_dlopen_needs_caller(const char *file, const void *caller)
{
    if (!file)
        return false;
    if (strchr(file, '$'))
        return true;
    return !strchr(file, '/') && has_search_path(caller);
}

void *ag_dlopen_and_look(const char *file, int mode)
{
    void *handle = ag_dl_next.dlopen(file, mode);

    if (handle)
        look_again();
    return handle;
}

AG_EXPORT int dlclose(void *handle)
{
    int result = ag_dl_next.dlclose(handle);

    look_again();
    return result;
}
