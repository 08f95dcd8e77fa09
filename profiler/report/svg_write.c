/*
 * A profile as an interactive flamegraph.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/report/flame_model.h"
#include "profiler/report/quality.h"
#include "profiler/report/selection.h"
#include "profiler/report/writers_priv.h"

static void append(char *out, size_t size, const char *fmt, ...) ASSAY_PRINTF(3, 4);

static void append(char *out, size_t size, const char *fmt, ...)
{
    size_t used = strlen(out);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(out + used, size - used, fmt, args);
    va_end(args);
}

/* "cpu · perf, 99 Hz · 10.0 s · 990 samples · 99.8 % rooted · 0 lost" */
static void describe(struct pf_flame *flame, const struct pf_profile *profile,
                     const struct pf_summary *summary)
{
    char *out = flame->subtitle;
    size_t size = sizeof flame->subtitle;

    append(out, size, "%s", flame->type);
    if (summary->engine[0])
        append(out, size, " \u00b7 %s", summary->engine);
    if (summary->frequency_hz)
        append(out, size, ", %" PRIu32 " Hz", summary->frequency_hz);
    if (profile->duration_ns)
        append(out, size, " \u00b7 %.1f s", (double)profile->duration_ns / 1e9);
    if (summary->samples)
        append(out, size, " \u00b7 %" PRIu64 " samples", summary->samples);
    if (pf_quality_knows_rooted(summary))
        append(out, size, " \u00b7 %.1f %% rooted", pf_quality_rooted_percent(summary));
    if (summary->samples)
        append(out, size, " \u00b7 %" PRIu64 " lost", summary->lost);
    if (summary->profiler_cpu_ns)
        append(out, size, " \u00b7 profiler used %.2f s of CPU",
               (double)summary->profiler_cpu_ns / 1e9);
}

static void entitle(struct pf_flame *flame, const struct pf_profile *profile,
                    const struct pf_report_options *options)
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    char warnings[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];

    (void)pf_summary_load(summary, profile);

    if (options->title)
        append(flame->title, sizeof flame->title, "%s", options->title);
    else if (summary->command[0])
        append(flame->title, sizeof flame->title, "%s", summary->command);
    else
        append(flame->title, sizeof flame->title, "Flamegraph");
    if (!options->title && summary->pid)
        append(flame->title, sizeof flame->title, " (pid %d)", summary->pid);
    if (!options->title && pf_quality_others(summary))
        append(flame->title, sizeof flame->title, " and %" PRIu32 " more process%s",
               pf_quality_others(summary), pf_quality_others(summary) == 1 ? "" : "es");
    describe(flame, profile, summary);
    free(summary);
    flame->warning_count = pf_quality_warnings_of(profile, warnings);
    for (unsigned i = 0; i < flame->warning_count; i++)
        append(flame->warnings[i], sizeof flame->warnings[i], "%s", warnings[i]);
}

bool pf_flame_model_init(struct pf_flame_model *model, const struct pf_profile *profile,
                         const struct pf_report_options *options, struct pf_err *err)
{
    struct pf_flame *flame = &model->flame;
    uint32_t column = 0;

    *model = (struct pf_flame_model){0};
    if (!pf_paths_column(profile, options->value, &column, err)
        || !pf_report_paths(&model->paths, profile, options, err))
        return false;
    int64_t least = (int64_t)((double)model->paths.total * options->min_percent / 100);
    pf_flame_tree_init(&model->tree, &model->paths, PF_FLAME_NODES_MAX, least);
    flame->paths = &model->paths;
    flame->tree = &model->tree;
    flame->type = pf_profile_text(profile, profile->value_types[column].type);
    flame->unit = pf_profile_text(profile, profile->value_types[column].unit);
    entitle(flame, profile, options);
    return true;
}

void pf_flame_model_fini(struct pf_flame_model *model)
{
    pf_flame_tree_fini(&model->tree);
    pf_paths_fini(&model->paths);
}

bool pf_svg_write(const struct pf_profile *profile, const struct pf_report_options *options,
                  struct pf_sink *sink, struct pf_err *err)
{
    struct pf_flame_model model;

    if (!pf_flame_model_init(&model, profile, options, err))
        return false;
    pf_flame_document(&model.flame, true, sink);
    pf_flame_model_fini(&model);
    return true;
}
