/* SPDX-License-Identifier: MIT */
#include "profiler/profile/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/profile/totals.h"
#include "profiler/profile/value.h"

static const double z_95 = 1.959963984540054;

/* A share with one success and one failure added, and its variance. */
static double adjusted_variance(double share, const struct pf_sample_count *samples)
{
    double n = (double)samples->count + 2;
    double p = (share * (double)samples->count + 1) / n;

    return samples->is_exact ? 0 : p * (1 - p) / n;
}

bool pf_sample_count_is_blank(const struct pf_sample_count *samples)
{
    return samples->count == 0 && !samples->is_exact;
}

struct pf_change pf_change_of(double base_share, double now_share, struct pf_sample_counts samples)
{
    struct pf_change change = {100 * base_share, 100 * now_share, 0, false};
    double variance =
        adjusted_variance(base_share, &samples.base) + adjusted_variance(now_share, &samples.now);

    bool is_known =
        !pf_sample_count_is_blank(&samples.base) && !pf_sample_count_is_blank(&samples.now);
    change.margin = is_known ? 100 * z_95 * sqrt(variance) : 100;
    change.is_noise = fabs(change.now - change.base) <= change.margin;
    return change;
}

static double share(int64_t value, int64_t total)
{
    return pf_value_percent(value, total) / 100;
}

static int compare_changes(const void *a, const void *b, void *frames)
{
    const struct pf_function_change *x = a, *y = b;
    const struct pf_frame *at = frames;
    double p = fabs(x->self.now - x->self.base), q = fabs(y->self.now - y->self.base);

    if (x->self.is_noise != y->self.is_noise)
        return x->self.is_noise ? 1 : -1;
    if (p != q)
        return p > q ? -1 : 1;
    p = fabs(x->total.now - x->total.base);
    q = fabs(y->total.now - y->total.base);
    if (p != q)
        return p > q ? -1 : 1;
    int order = strcmp(at[x->frame].name, at[y->frame].name);
    return order ? order : strcmp(at[x->frame].object, at[y->frame].object);
}

void pf_comparison_init(struct pf_comparison *comparison, const struct pf_paths *paths,
                        struct pf_sample_counts samples)
{
    struct pf_totals totals;
    int64_t base = paths->base_total, now = paths->total;

    pf_totals_init(&totals, paths);
    *comparison = (struct pf_comparison){.samples = samples, .count = totals.count};
    comparison->at = pf_mem_new(totals.count, sizeof *comparison->at);
    for (uint32_t i = 0; i < totals.count; i++) {
        const struct pf_total *of = &totals.at[i];
        struct pf_function_change *to = &comparison->at[i];
        to->frame = of->frame;
        to->self = pf_change_of(share(of->base_self, base), share(of->self, now), samples);
        to->total = pf_change_of(share(of->base_total, base), share(of->total, now), samples);
    }
    pf_totals_fini(&totals);
    qsort_r(comparison->at, comparison->count, sizeof *comparison->at, compare_changes,
            paths->frames.at);
}

void pf_comparison_fini(struct pf_comparison *comparison)
{
    free(comparison->at);
    *comparison = (struct pf_comparison){0};
}

static uint64_t sum_column(const struct pf_profile *profile, uint32_t column)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++)
        sum = pf_value_add(sum, pf_profile_values_view(profile, i)[column]);
    return sum > 0 ? (uint64_t)sum : 0;
}

static uint32_t samples_column(const struct pf_profile *profile)
{
    for (uint32_t i = 0; i < profile->value_count; i++)
        if (strcmp(pf_profile_text(profile, profile->value_types[i].type), "samples") == 0)
            return i;
    return PF_NONE;
}

/* A second column tells that the first is a count of samples and no time or size. */
static struct pf_sample_count count_samples(const struct pf_profile *profile)
{
    uint32_t column = samples_column(profile);

    if (column == PF_NONE)
        return (struct pf_sample_count){.count = profile->samples.count, .is_assumed = true};
    return (struct pf_sample_count){.count = sum_column(profile, column),
                                    .is_assumed = profile->value_count == 1};
}

struct pf_sample_count pf_profile_sample_count(const struct pf_profile *profile)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    struct pf_sample_count said = {0};

    (void)pf_summary_load(summary, profile);
    said.is_exact = strcmp(summary->engine, "callgrind") == 0;
    said.count = said.is_exact ? 0 : pf_summary_independent(summary);
    free(summary);
    return said.is_exact || said.count ? said : count_samples(profile);
}
