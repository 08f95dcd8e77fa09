/*
 * A comparison as a flamegraph: widths are the new profile's (or the base's, at a key), red frames
 * take a larger share than before, blue ones a smaller.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "profiler/report/diff_writers_priv.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/report.h"
#include "profiler/report/text_priv.h"

bool pf_diff_write_svg(const struct pf_diff *diff, const struct pf_report_options *options,
                       struct pf_sink *sink, struct pf_err *err)
{
    struct pf_flame flame = {.paths = &diff->paths, .is_diff = true};
    struct pf_flame_tree tree;
    char base[32], now[32];
    int64_t least = (int64_t)((double)diff->paths.total * options->min_percent / 100);

    (void)err;
    pf_flame_tree_init(&tree, &diff->paths, PF_FLAME_NODES_MAX, least);
    flame.tree = &tree;
    flame.type = diff->type;
    flame.unit = diff->unit;
    pf_text_value(base, sizeof base, diff->paths.base_total, diff->unit);
    pf_text_value(now, sizeof now, diff->paths.total, diff->unit);
    if (options->title)
        (void)snprintf(flame.title, sizeof flame.title, "%s", options->title);
    else
        (void)snprintf(flame.title, sizeof flame.title, "%.200s \u2192 %.200s", diff->base_name,
                       diff->new_name);
    (void)snprintf(
        flame.subtitle, sizeof flame.subtitle,
        "%s: base %s, new %s \u00b7 red takes a larger share than before, blue a smaller",
        diff->type, base, now);
    pf_flame_document(&flame, true, sink);
    pf_flame_tree_fini(&tree);
    return true;
}
