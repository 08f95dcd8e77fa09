/*
 * What the colours of a drawn flamegraph mean: the kinds of code that occur in it.
 *
 * For the picture without a program; flame_ui.js draws its own, with the same words.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/profile/frames.h"
#include "profiler/profile/paths.h"
#include "profiler/report/flame_priv.h"

enum { LEGEND_MARGIN = 12, LEGEND_LETTER = 7, LEGEND_GAP = 42 };

/* The class of each kind's middle shade and its name; flame_tree.js's KINDS. */
static const char *const kinds[PF_FRAME_KINDS][2] = {
    [PF_FRAME_OWN] = {"k02", "program"},  [PF_FRAME_LIBRARY] = {"k12", "libraries"},
    [PF_FRAME_LIBC] = {"k22", "libc"},    [PF_FRAME_KERNEL] = {"k32", "kernel"},
    [PF_FRAME_JIT] = {"k42", "JIT code"}, [PF_FRAME_UNKNOWN] = {"k52", "unknown"},
    [PF_FRAME_GROUP] = {"k62", "groups"},
};

static const char *const changes[][2] = {
    {"dm8", "less than in the base"}, {"d0", "the same"}, {"d8", "more"}};

/* Returns where the next one begins. */
static uint32_t put_entry(struct pf_sink *sink, const char *const entry[2], uint32_t x, uint32_t y)
{
    pf_sink_printf(sink,
                   "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" rx=\"2\"/>"
                   "<text class=\"f-legend\" x=\"%u\" y=\"%u\">%s</text>\n",
                   entry[0], x, y, x + 18, y + 10, entry[1]);
    return x + LEGEND_GAP + LEGEND_LETTER * (uint32_t)strlen(entry[1]);
}

void pf_flame_legend(const struct pf_flame *flame, uint32_t y, struct pf_sink *sink)
{
    bool occurs[PF_FRAME_KINDS] = {false};
    uint32_t x = LEGEND_MARGIN;

    if (flame->is_diff) {
        for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++)
            x = put_entry(sink, changes[i], x, y);
        return;
    }
    for (uint32_t i = 1; i < flame->tree->count; i++)
        occurs[flame->paths->frames.at[flame->tree->at[i].frame].kind] = true;
    for (unsigned kind = 0; kind < PF_FRAME_KINDS; kind++)
        if (occurs[kind])
            x = put_entry(sink, kinds[kind], x, y);
}
