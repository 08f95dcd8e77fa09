/* SPDX-License-Identifier: MIT */
#include "harness/runner/plan_names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DIRECTORIES_MAX = 16 };

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The last so many directories of path, dots between. */
static const char *directories_of(struct pf_arena *arena, const char *path, unsigned count)
{
    char whole[PATH_MAX];

    if (!realpath(path, whole))
        (void)snprintf(whole, sizeof whole, "%s", path);
    char *end = strrchr(whole, '/');
    if (!end)
        return "";
    *end = '\0';
    const char *begin = end;
    while (count-- && begin > whole) {
        const char *slash = memrchr(whole, '/', (size_t)(begin - whole));
        begin = slash ? slash : whole; /* a path that leads nowhere may be relative */
    }
    begin += *begin == '/';
    char *text = pf_arena_text(arena, begin, strlen(begin));
    for (char *at = text; *at; at++)
        *at = *at == '/' ? '.' : *at;
    return text;
}

static bool is_shared(const struct hn_plan *plan, uint32_t index)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (i != index
            && strcmp(last_component(plan->binaries[i].path),
                      last_component(plan->binaries[index].path))
                   == 0)
            return true;
    return false;
}

static bool is_same_file(const char *left, const char *right)
{
    struct stat a, b;

    if (strcmp(left, right) == 0)
        return true;
    return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_dev == b.st_dev
           && a.st_ino == b.st_ino;
}

/* Do so many directories tell this one from all other files of its name? */
static bool is_told_apart(struct hn_plan *plan, uint32_t index, unsigned count)
{
    const char *path = plan->binaries[index].path;
    const char *own = directories_of(&plan->arena, path, count);

    for (uint32_t i = 0; i < plan->binary_count; i++) {
        const char *other = plan->binaries[i].path;
        if (!is_same_file(other, path) && strcmp(last_component(other), last_component(path)) == 0
            && strcmp(directories_of(&plan->arena, other, count), own) == 0)
            return false;
    }
    return true;
}

static const char *name_of(struct hn_plan *plan, uint32_t index)
{
    const char *path = plan->binaries[index].path;
    const char *name = last_component(path);
    unsigned count = 1, number = 1;

    if (!is_shared(plan, index))
        return name;
    while (count < DIRECTORIES_MAX && !is_told_apart(plan, index, count))
        count++;
    name = hn_text(&plan->arena, "%s@%s", name, directories_of(&plan->arena, path, count));
    for (uint32_t i = 0; i < index; i++)
        number += is_same_file(plan->binaries[i].path, path);
    return number > 1 ? hn_text(&plan->arena, "%s~%u", name, number) : name;
}

void hn_plan_name_binaries(struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        plan->binaries[i].name = name_of(plan, i);
}
