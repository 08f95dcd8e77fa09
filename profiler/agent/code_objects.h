/*
 * Which code is mapped, with its unwind rows: what the hooks walk stacks by.
 *
 * Built only where taking the loader's lock is safe (constructor, after dlopen and dlclose) and
 * published by one pointer, so hooks read it without a lock. Rows are built once per object, found
 * again by content when it is mapped anew, and never freed: a hook that still holds an old map
 * reads valid memory. Maps rotate through a ring; one that is overtaken while read costs a bad
 * stack, never a fault.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_AGENT_CODE_OBJECTS_H
#define PROFILER_AGENT_CODE_OBJECTS_H

#include <stdbool.h>

struct pf_region;

/* Look at what the loader has mapped, publish it, tell new objects to the linked region. If another
 * thread is doing so, it will look once more; this one returns at once. Context: target; takes the
 * loader's lock. */
void ag_objects_update(void);

/* In a fork's child: whoever was at it is not here. */
void ag_objects_fork_child(void);

/* Is nobody at it? Asked after the linked region has changed: then nobody uses the one before. */
bool ag_objects_are_at_rest(void);

/*
 * The region has changed (a fork's child, another collector): what is known stays known, and is
 * told to the new one. Asks the loader nothing: in a child its lock may be held for ever.
 * Context: target, one thread.
 */
void ag_objects_carry_over(struct pf_region *region);

#endif
