/* SPDX-License-Identifier: MIT */
#include "profiler/report/selection.h"

#include "profiler/profile/paths.h"
#include "profiler/report/report.h"

bool pf_report_paths(struct pf_paths *out, const struct pf_profile *profile,
                     const struct pf_report_options *options, struct pf_err *err)
{
    struct pf_paths_spec spec = {0};

    if (!pf_paths_column(profile, options->value, &spec.column, err))
        return false;
    if (options->per_process)
        spec.groups |= PF_GROUP_PROCESS;
    if (options->per_thread)
        spec.groups |= PF_GROUP_THREAD;
    pf_paths_init(out, profile, &spec);
    return true;
}
