/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/memory.h"

/* Stacks are seldom larger than the 8 MiB they may have: farther up is no stack but a false rule.
 */
enum { STACK_BYTES_MAX = 64 * 1024 * 1024 };

enum pf_lost pf_memory_why(const struct pf_memory *memory, uint64_t addr)
{
    bool beyond =
        memory->high > memory->low && addr >= memory->low && addr - memory->low < STACK_BYTES_MAX;

    return beyond ? PF_LOST_OUT_OF_BYTES : PF_LOST_BAD_MEMORY;
}
