/*
 * What two recordings say of themselves, as one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_PROFILE_SUMMARY_ADD_H
#define PROFILER_PROFILE_SUMMARY_ADD_H

#include "profiler/profile/summary.h"

/* Counts and equal rows add up; text of the first stays, but for what is not true of both. */
void pf_summary_add(struct pf_summary *into, const struct pf_summary *from);

#endif
