/* SPDX-License-Identifier: MIT */
#include "profiler/session/agent_space.h"

#include <string.h>
#include <sys/mman.h>

#include "profiler/attach/mapped_objects.h"
#include "profiler/trace/region_modules.h"

void pf_agent_space_fini(struct pf_agent_space *space)
{
    pf_space_fini(&space->space);
}

/* A file another process has shown already: then it is that object, and not one of this process. */
static const struct pf_mapped_object *find_file(const struct pf_mapped_objects *objects,
                                                const char *path)
{
    for (uint32_t i = objects->count; path[0] == '/' && i-- > 0;)
        if (objects->at[i].private_to == 0 && strcmp(objects->at[i].path, path) == 0)
            return &objects->at[i];
    return NULL;
}

/* The loader's name for the program is that of /proc/self/exe, with the kernel's remark. */
static void copy_path(char *out, const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t size = strnlen(path, PF_MODULE_PATH_MAX - 1);
    size_t tail = sizeof deleted - 1;

    if (size > tail && memcmp(path + size - tail, deleted, tail) == 0)
        size -= tail;
    memcpy(out, path, size);
    out[size] = 0;
}

/* A place mapped anew replaces what was there. */
static void enter_module(struct pf_agent_space *space, const struct pf_region_module *module,
                         struct pf_mapped_objects *objects)
{
    char path[PF_MODULE_PATH_MAX];
    struct pf_event_mmap mapped = {.start = module->start,
                                   .size = module->end - module->start,
                                   .prot = PROT_EXEC,
                                   .path = path};

    copy_path(path, module->path);
    const struct pf_mapped_object *file = find_file(objects, path);
    if (file) {
        mapped.inode = file->inode;
        mapped.device_major = file->device_major;
        mapped.device_minor = file->device_minor;
    }
    pf_space_mmap(&space->space, &mapped, objects);
    space->newest_code = module->code_start;
}

bool pf_agent_space_learn(struct pf_agent_space *space, const struct pf_region *region,
                          struct pf_mapped_objects *objects)
{
    struct pf_region_module module;
    bool has_more = false;

    while (pf_module_read(region, space->modules_seen, &module)) {
        enter_module(space, &module, objects);
        space->modules_seen++;
        has_more = true;
    }
    return has_more;
}

/* After an exec nothing lies where it lay. */
bool pf_agent_space_ask(struct pf_agent_space *space, struct pf_mapped_objects *objects)
{
    struct pf_space now = {0};
    struct pf_err ignored;

    bool ok = pf_space_read(&now, space->space.pid, objects, &ignored)
              && pf_space_find(&now, space->newest_code);
    if (ok)
        pf_space_lay_over(&space->space, &now);
    pf_space_fini(&now);
    return ok;
}
