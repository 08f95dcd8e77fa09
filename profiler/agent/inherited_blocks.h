/*
 * Blocks a forked child inherits: live in both processes, leaked by neither because of the other.
 *
 * Just before a fork the parent copies the used pages of its live table to private memory, which
 * the child then owns as of that moment; the shared table goes on changing under the parent. A
 * table too large to copy at every fork leaves the child passive.
 *
 * Context: target, around fork.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_INHERITED_BLOCKS_H
#define PROFILER_AGENT_INHERITED_BLOCKS_H

#include <stdbool.h>

struct pf_region;

void ag_inherited_prepare(void);

/* In the child: enter them into its own region, without stacks. False: there was too much. */
bool ag_inherited_enter(struct pf_region *region);

void ag_inherited_discard(void);

/* What is allocated now counts as inherited from now on: nobody is blamed for it. */
void ag_inherited_adopt(struct pf_region *region);

#endif
