/*
 * Criterion's gt(TYPE, a, b), which passes where both are equal: in C, by header and library of up
 * to 2.4.1.
 *
 * Nothing is called at run time that would tell it from ge(): the comparison is in the test's own
 * code. But the text it would fail with is in the executable, and names it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <link.h>
#include <string.h>

#include "harness/preload/preload.h"

/* The read-only parts of one object, and what is sought there. */
struct search {
    const char *library; /* part of the object's path; NULL: the executable, which comes first */
    const char *(*match)(const char *at, const char *end);
    const char *found;
};

/* memmem() without an eye of AddressSanitizer on it: between literals there is no memory to it. */
static const char *find(const char *at, const char *end, const char *text, size_t size)
{
    for (; at + size <= end; at++) {
        size_t same = 0;
        while (same < size && at[same] == text[same])
            same++;
        if (same == size)
            return at;
    }
    return NULL;
}

/* "gt(int, a, b)" at the start of a string: a type that is one word stands first. */
static const char *match_gt(const char *at, const char *end)
{
    static const char begin[] = {'\0', 'g', 't', '('};

    for (; (at = find(at, end, begin, sizeof begin)); at += sizeof begin) {
        const char *type = at + sizeof begin;
        while (type < end && (isalnum((unsigned char)*type) || *type == '_'))
            type++;
        if (type > at + sizeof begin && type < end && *type == ',')
            return at + 1;
    }
    return NULL;
}

static const char *match_old(const char *at, const char *end)
{
    static const char *const versions[] = {"Criterion v2.4.0", "Criterion v2.4.1"};
    const char *found = NULL;

    for (size_t i = 0; i < sizeof versions / sizeof versions[0] && !found; i++)
        found = find(at, end, versions[i], strlen(versions[i]));
    return found;
}

static int search_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;

    (void)size;
    if (search->library && !strstr(info->dlpi_name, search->library))
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum && !search->found; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        const char *start = (const char *)(info->dlpi_addr + part->p_vaddr);
        if (part->p_type == PT_LOAD && (part->p_flags & PF_R) && !(part->p_flags & PF_W))
            search->found = search->match(start, start + part->p_filesz);
    }
    return 1;
}

const char *hn_false_gt(void)
{
    struct search library = {"libcriterion.so", match_old, NULL};
    struct search executable = {NULL, match_gt, NULL};

    (void)dl_iterate_phdr(search_object, &executable);
    if (executable.found)
        (void)dl_iterate_phdr(search_object, &library);
    return library.found ? executable.found : NULL;
}
