/*
 * A chain of a hundred distinct functions, of three kinds of frame, calling a leaf at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_UNWIND_CHAIN_H
#define BENCH_UNWIND_CHAIN_H

typedef void (*bn_leaf)(void *data);

/* Call leaf(data) below depth (1 to 100) frames. variant changes which functions they are. */
int bn_chain_run(int depth, int variant, bn_leaf leaf, void *data);

#endif
