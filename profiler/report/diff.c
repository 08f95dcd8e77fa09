/* SPDX-License-Identifier: MIT */
#include "profiler/report/diff.h"

#include <stdio.h>
#include <string.h>

#include "profiler/profile/merge.h"
#include "profiler/report/deliver.h"
#include "profiler/report/report.h"

static void name_values(struct pf_diff *diff, const struct pf_profile *new, const char *type)
{
    uint32_t column = new->default_value;
    struct pf_err ignored = {0};

    (void)!pf_paths_column(new, type, &column, &ignored);
    (void)snprintf(diff->type, sizeof diff->type, "%s",
                   pf_profile_text(new, new->value_types[column].type));
    (void)snprintf(diff->unit, sizeof diff->unit, "%s",
                   pf_profile_text(new, new->value_types[column].unit));
}

bool pf_diff_init(struct pf_diff *diff, const struct pf_profile *base, const struct pf_profile *new,
                  const char *type, struct pf_err *err)
{
    struct pf_paths_spec spec = {.column = 1, .has_base = true, .base_column = 0};
    struct pf_sample_counts samples = {pf_profile_sample_count(base), pf_profile_sample_count(new)};

    pf_profile_init(&diff->pair);
    if (!pf_profile_pair(&diff->pair, base, new, type, err))
        return false;
    name_values(diff, new, type);
    pf_paths_init(&diff->paths, &diff->pair, &spec);
    pf_comparison_init(&diff->comparison, &diff->paths, samples);
    return true;
}

void pf_diff_fini(struct pf_diff *diff)
{
    pf_comparison_fini(&diff->comparison);
    pf_paths_fini(&diff->paths);
    pf_profile_fini(&diff->pair);
}

struct order {
    const struct pf_diff *diff;
    const struct pf_report_format *format;
    const struct pf_report_options *options;
};

static bool write_order(const void *what, struct pf_sink *sink, struct pf_err *err)
{
    const struct order *order = what;

    return order->format->write_diff(order->diff, order->options, sink, err);
}

bool pf_diff_save(const struct pf_diff *diff, const struct pf_report_format *format,
                  const struct pf_report_options *options, const char *path, struct pf_err *err)
{
    struct order order = {diff, format, options};

    if (!format->write_diff)
        return pf_err_set(err, PF_ERR_USAGE, "a comparison is not written as %s", format->name);
    return pf_deliver(path, write_order, &order, err);
}
