/*
 * What a flamegraph of one profile is drawn from: its paths, their tree, title and warnings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_FLAME_MODEL_H
#define PROFILER_REPORT_FLAME_MODEL_H

#include "profiler/base/err.h"
#include "profiler/profile/paths.h"
#include "profiler/report/flame_priv.h"

struct pf_profile;
struct pf_report_options;

struct pf_flame_model {
    struct pf_paths paths;
    struct pf_flame_tree tree;
    struct pf_flame flame; /* points into this model: it must not be moved */
};

/* Borrows the profile. */
ASSAY_CHECKED
bool pf_flame_model_init(struct pf_flame_model *model, const struct pf_profile *profile,
                         const struct pf_report_options *options, struct pf_err *err);
void pf_flame_model_fini(struct pf_flame_model *model);

#endif
