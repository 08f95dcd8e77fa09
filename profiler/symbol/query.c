/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/query.h"

#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
    const struct pf_query *x = a;
    const struct pf_query *y = b;
    return (x->file_addr > y->file_addr) - (x->file_addr < y->file_addr);
}

void pf_queries_sort(struct pf_queries *queries)
{
    if (queries->count > 1)
        qsort(queries->at, queries->count, sizeof *queries->at, by_address);
}

size_t pf_queries_from(const struct pf_queries *queries, uint64_t file_addr)
{
    size_t low = 0;
    size_t high = queries->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (queries->at[middle].file_addr < file_addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
