/* SPDX-License-Identifier: MIT */
#include "profiler/trace/given_rows.h"

#include <string.h>

/* One after the other; given_last is the newest, each names the one before. */
struct given {
    uint64_t content;
    uint64_t size_bytes;
    uint64_t before_at; /* offset in the region, 0: the first */
};

uint64_t pf_rows_content(struct pf_bytes eh_frame_hdr)
{
    const uint8_t *at = eh_frame_hdr.at;
    size_t size = eh_frame_hdr.size;
    uint64_t hash = size;

    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 29;
    }
    for (; size > 0; size--, at++)
        hash = (hash ^ *at) * 0x100000001b3ull;
    return hash ? hash : 1;
}

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
}

bool pf_given_rows_put(struct pf_region *region, uint64_t content, struct pf_bytes block)
{
    uint64_t head = whole_lines(sizeof(struct given));
    uint64_t next = atomic_load(&region->work_next);
    uint64_t size = head + whole_lines(block.size);

    if (size > region->sizes.work_bytes / 2 || next > region->sizes.work_bytes / 2 - size)
        return false; /* half of it stays for rings */
    struct given given = {content, block.size, atomic_load(&region->given_last)};
    uint64_t at = region->work_at + next;
    memcpy(pf_region_part(region, at), &given, sizeof given);
    memcpy(pf_region_part(region, at + head), block.at, block.size);
    atomic_store(&region->given_last, at);
    atomic_store(&region->work_next, next + size);
    return true;
}

struct pf_bytes pf_given_rows_find(const struct pf_region *region, uint64_t content)
{
    uint64_t head = whole_lines(sizeof(struct given));

    for (uint64_t at = atomic_load(&region->given_last); at != 0;) {
        struct given given;
        memcpy(&given, pf_region_part(region, at), sizeof given);
        if (given.content == content)
            return (struct pf_bytes){pf_region_part(region, at + head), given.size_bytes};
        if (given.before_at >= at)
            break; /* each lies below the one after it: no circles */
        at = given.before_at;
    }
    return (struct pf_bytes){0};
}
