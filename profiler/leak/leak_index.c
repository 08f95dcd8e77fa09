/* SPDX-License-Identifier: MIT */
#include "profiler/leak/leak_index.h"

#include <stdlib.h>

#include "profiler/base/arena.h"
#include "profiler/leak/leak_graph.h"

enum {
    PAGE_SHIFT = 12,
    GAP_PAGES = 1024, /* of nothing between two blocks begin a new cluster */
};

static uint64_t block_end(const struct pf_leak_block *block)
{
    return block->start + (block->size_bytes ? block->size_bytes : 1);
}

/* The first block after from whose page lies far beyond what came before it. */
static uint32_t cluster_end(const struct pf_leak_block *blocks, uint32_t from, uint32_t count)
{
    uint64_t reach = block_end(&blocks[from]) >> PAGE_SHIFT;
    uint32_t at = from + 1;

    for (; at < count; at++) {
        if ((blocks[at].start >> PAGE_SHIFT) > reach + GAP_PAGES)
            break;
        uint64_t end = block_end(&blocks[at]) >> PAGE_SHIFT;
        reach = end > reach ? end : reach;
    }
    return at;
}

/*
 * For each page the last block that begins before or at the page's first byte, or the first block
 * of the cluster: a search within the page starts there.
 */
static void fill_cluster(struct pf_leak_cluster *cluster, const struct pf_leak_block *blocks,
                         uint32_t from, uint32_t end)
{
    uint64_t last = block_end(&blocks[end - 1]) - 1;

    cluster->first_page = blocks[from].start >> PAGE_SHIFT;
    cluster->page_count = (last >> PAGE_SHIFT) - cluster->first_page + 1;
    cluster->first_block = pf_mem_new(cluster->page_count + 1, sizeof(uint32_t));

    uint32_t block = from;
    for (uint64_t page = 0; page < cluster->page_count; page++) {
        uint64_t begins = (cluster->first_page + page) << PAGE_SHIFT;
        while (block + 1 < end && blocks[block + 1].start <= begins)
            block++;
        cluster->first_block[page] = block;
    }
    cluster->first_block[cluster->page_count] = end - 1;
}

void pf_leak_index_init(struct pf_leak_index *index, const struct pf_leak_block *blocks,
                        uint32_t count)
{
    *index = (struct pf_leak_index){.blocks = blocks, .block_count = count, .low = UINT64_MAX};
    size_t capacity = 0;

    for (uint32_t from = 0; from < count;) {
        uint32_t end = cluster_end(blocks, from, count);
        if (index->cluster_count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            index->clusters = pf_mem_resize(index->clusters, capacity, sizeof *index->clusters);
        }
        fill_cluster(&index->clusters[index->cluster_count++], blocks, from, end);
        from = end;
    }
    for (uint32_t i = 0; i < count; i++) {
        index->low = blocks[i].start < index->low ? blocks[i].start : index->low;
        index->high = block_end(&blocks[i]) > index->high ? block_end(&blocks[i]) : index->high;
    }
}

void pf_leak_index_fini(struct pf_leak_index *index)
{
    for (size_t i = 0; i < index->cluster_count; i++)
        free(index->clusters[i].first_block);
    free(index->clusters);
    *index = (struct pf_leak_index){0};
}

static const struct pf_leak_cluster *find_cluster(const struct pf_leak_index *index, uint64_t page)
{
    size_t low = 0;
    size_t high = index->cluster_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index->clusters[middle].first_page <= page)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct pf_leak_cluster *cluster = &index->clusters[low - 1];
    return page - cluster->first_page < cluster->page_count ? cluster : NULL;
}

uint32_t pf_leak_index_find(const struct pf_leak_index *index, uint64_t address)
{
    if (address < index->low || address >= index->high)
        return PF_LEAK_NO_BLOCK;

    uint64_t page = address >> PAGE_SHIFT;
    const struct pf_leak_cluster *cluster = find_cluster(index, page);
    if (!cluster)
        return PF_LEAK_NO_BLOCK;
    uint32_t low = cluster->first_block[page - cluster->first_page];
    uint32_t high = cluster->first_block[page - cluster->first_page + 1];
    while (low < high) { /* the last block that begins at or before address */
        uint32_t middle = low + (high - low + 1) / 2;
        if (index->blocks[middle].start <= address)
            low = middle;
        else
            high = middle - 1;
    }
    const struct pf_leak_block *block = &index->blocks[low];
    return block->start <= address && address < block_end(block) ? low : PF_LEAK_NO_BLOCK;
}
