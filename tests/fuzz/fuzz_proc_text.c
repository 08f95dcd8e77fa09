/*
 * Any bytes as the texts of /proc that recordings read: stat, maps, a thread's system call.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/proc_maps.h"
#include "profiler/attach/proc_stat.h"
#include "profiler/attach/wait_place.h"

static volatile uint64_t touched;

static void touch(const void *at, size_t size)
{
    const uint8_t *bytes = at;

    for (size_t i = 0; i < size; i++)
        touched += bytes[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_bytes whole = {data, size};
    struct pf_cursor lines = pf_cursor_view(whole);
    struct pf_bytes line;
    struct pf_proc_map map;
    struct pf_proc_stat stat;
    struct pf_wait_place place;

    if (pf_proc_stat_parse(&stat, whole))
        touch(stat.comm, strlen(stat.comm));
    while (pf_cursor_line(&lines, &line))
        if (pf_proc_map_parse(&map, line))
            touch(map.path.at, map.path.size);

    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (pf_wait_place_parse(&place, text)) {
        touch(pf_wait_place_name(&place), 1);
        touch(pf_wait_place_state(&place), 1);
    }
    free(text);
    return 0;
}
