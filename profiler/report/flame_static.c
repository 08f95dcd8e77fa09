/*
 * A flamegraph drawn once: for viewers that run no scripts (README pages, image viewers, mail).
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/base/xml.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"
#include "profiler/report/flame_priv.h"
#include "profiler/report/text_priv.h"

enum {
    STATIC_MARGIN = 12,
    STATIC_ROWS_MAX = 300,
    STATIC_CHAR_WIDTH_100 = 723 /* hundredths of a pixel at 12 px */
};
static const double static_least_width = 1.2;

struct drawing {
    const struct pf_flame *flame;
    struct pf_sink *sink;
    double scale;  /* pixels a unit of value */
    double *right; /* where the next child of each depth begins */
};

/* As many characters as fit, with an ellipsis where they do not all. */
static void put_label(struct drawing *d, const char *name, double x, double y, double width)
{
    char clean[256];
    size_t room = (size_t)((width - 6) * 100 / STATIC_CHAR_WIDTH_100);
    size_t at = 0;

    if (width < 24)
        return;
    pf_utf8_clean(clean, sizeof clean, name, strlen(name));
    size_t size = strlen(clean), shown = 0;
    while (at < size && shown + 1 < room) {
        at += pf_utf8_length(clean + at, size - at);
        shown++;
    }
    bool is_whole = at >= size || (at + 1 == size && shown + 1 == room);
    if (!is_whole)
        clean[at] = '\0';
    pf_sink_printf(d->sink, "<text x=\"%.1f\" y=\"%.1f\">", x + 3, y);
    pf_xml_text(d->sink, clean);
    pf_sink_put_str(d->sink, is_whole ? "</text>" : "\xe2\x80\xa6</text>");
}

static void put_tooltip(struct drawing *d, const struct pf_frame *frame,
                        const struct pf_flame_node *node)
{
    int64_t all = d->flame->tree->at[0].total;
    char total[32], self[32];

    pf_text_value(total, sizeof total, node->total, d->flame->unit);
    pf_text_value(self, sizeof self, node->self, d->flame->unit);
    pf_sink_put_str(d->sink, "<title>");
    pf_xml_text(d->sink, frame->name);
    if (frame->object[0]) {
        pf_sink_put_str(d->sink, "\n");
        pf_xml_text(d->sink, frame->object);
    }
    pf_sink_printf(d->sink, "\n%s, %.2f %%; self %s, %.2f %%</title>", total,
                   pf_value_percent(node->total, all), self, pf_value_percent(node->self, all));
}

static void put_class(struct drawing *d, const struct pf_frame *frame,
                      const struct pf_flame_node *node)
{
    char class[8];

    if (d->flame->is_diff) {
        int change = pf_flame_change(d->flame, node);
        pf_sink_printf(d->sink, "d%s%d", change < 0 ? "m" : "", change < 0 ? -change : change);
        return;
    }
    pf_flame_class(class, frame);
    pf_sink_put_str(d->sink, class);
}

static void put_node(struct drawing *d, const struct pf_flame_node *node, double x, double width)
{
    const struct pf_frame *frame = &d->flame->paths->frames.at[node->frame];
    double y = PF_FLAME_HEAD + (double)node->depth * PF_FLAME_ROW;

    pf_sink_put_str(d->sink, "<g>");
    put_tooltip(d, frame, node);
    pf_sink_put_str(d->sink, "<rect class=\"");
    put_class(d, frame, node);
    pf_sink_printf(d->sink, "\" x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", x,
                   y, width > 1.5 ? width - 0.7 : width, PF_FLAME_ROW - 1);
    put_label(d, frame->name, x, y + 13, width);
    pf_sink_put_str(d->sink, "</g>\n");
}

/* The root's own bar. */
static void put_root(struct drawing *d)
{
    const struct pf_flame_node *root = &d->flame->tree->at[0];
    char total[32], text[96];

    pf_text_value(total, sizeof total, root->total, d->flame->unit);
    (void)snprintf(text, sizeof text, "all, %s %s", total,
                   strcmp(d->flame->unit, "count") == 0 ? d->flame->type : "");
    pf_sink_printf(d->sink,
                   "<rect class=\"f-all\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                   "rx=\"2\"/>",
                   STATIC_MARGIN, PF_FLAME_HEAD, PF_FLAME_WIDTH - 2 * STATIC_MARGIN,
                   PF_FLAME_ROW - 1);
    put_label(d, text, STATIC_MARGIN, PF_FLAME_HEAD + 13, PF_FLAME_WIDTH - 2 * STATIC_MARGIN);
}

/* The node after one that was looked at, whether it was drawn or is too small or too deep. */
static uint32_t step(const struct pf_flame *flame, uint32_t at, double scale)
{
    const struct pf_flame_node *node = &flame->tree->at[at];

    if ((double)node->total * scale < static_least_width || node->depth >= STATIC_ROWS_MAX)
        return pf_flame_skip(flame->tree, at);
    return pf_flame_next(flame->tree, at);
}

static double scale_of(const struct pf_flame *flame)
{
    int64_t total = flame->tree->at[0].total;

    return total ? (PF_FLAME_WIDTH - 2 * STATIC_MARGIN) / (double)total : 0;
}

static void put_nodes(struct drawing *d)
{
    const struct pf_flame_tree *tree = d->flame->tree;

    for (uint32_t i = pf_flame_next(tree, 0); i != PF_NONE; i = step(d->flame, i, d->scale)) {
        const struct pf_flame_node *node = &tree->at[i];
        double x = d->right[node->depth];
        double width = (double)node->total * d->scale;

        d->right[node->depth] += width;
        d->right[node->depth + 1] = x;
        if (width >= static_least_width)
            put_node(d, node, x, width);
    }
}

uint32_t pf_flame_static_rows(const struct pf_flame *flame)
{
    double scale = scale_of(flame);
    uint32_t deepest = 0;

    for (uint32_t i = 0; i != PF_NONE; i = step(flame, i, scale)) {
        const struct pf_flame_node *node = &flame->tree->at[i];
        if ((double)node->total * scale >= static_least_width && node->depth > deepest)
            deepest = node->depth;
    }
    return deepest + 1;
}

void pf_flame_static(const struct pf_flame *flame, struct pf_sink *sink)
{
    struct drawing d = {.flame = flame, .sink = sink, .scale = scale_of(flame)};

    d.right = pf_mem_new((size_t)flame->tree->depth + 3, sizeof *d.right);
    d.right[1] = STATIC_MARGIN;
    pf_sink_put_str(sink, "<g class=\"f-static\">");
    put_root(&d);
    put_nodes(&d);
    pf_flame_legend(flame, PF_FLAME_HEAD + pf_flame_static_rows(flame) * PF_FLAME_ROW + 14, sink);
    pf_sink_put_str(sink, "</g>\n");
    free(d.right);
}
