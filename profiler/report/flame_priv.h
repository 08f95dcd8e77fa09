/*
 * A flamegraph about to be written, and the parts its document is made of.
 *
 * The document holds the graph twice: drawn, for viewers that run no scripts, and as data with a
 * small program that draws what the window can show, at any zoom.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_FLAME_PRIV_H
#define PROFILER_REPORT_FLAME_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/report/flame_tree.h"

struct pf_frame;
struct pf_paths;
struct pf_sink;

enum { PF_FLAME_TEXT = 512, PF_FLAME_WARNINGS = 4 };

/* The drawn picture's measures, in pixels. The program's own are in flame_layout.js. */
enum { PF_FLAME_WIDTH = 1200, PF_FLAME_ROW = 19, PF_FLAME_HEAD = 84, PF_FLAME_FOOT = 44 };

struct pf_flame {
    const struct pf_paths *paths;
    const struct pf_flame_tree *tree;
    const char *type, *unit; /* of the values */
    bool is_diff;
    char title[PF_FLAME_TEXT], subtitle[PF_FLAME_TEXT];
    unsigned warning_count;
    char warnings[PF_FLAME_WARNINGS][PF_FLAME_TEXT / 2];
};

/* Colours: a class for each kind of frame and shade, two schemes. */
void pf_flame_style(struct pf_sink *sink);

/* The class of a frame's rectangle, "k07". */
void pf_flame_class(char out[8], const struct pf_frame *frame);

/* How much a node's share grew: -8 (all lost) to 8 (all new). */
int pf_flame_change(const struct pf_flame *flame, const struct pf_flame_node *node);

/* The nodes and frames as JSON that is safe in XML and in HTML. */
void pf_flame_data(const struct pf_flame *flame, struct pf_sink *sink);

/* The drawn graph, an SVG group. */
void pf_flame_static(const struct pf_flame *flame, struct pf_sink *sink);

/* One line that says what the drawn graph's colours mean, its top at y pixels. */
void pf_flame_legend(const struct pf_flame *flame, uint32_t y, struct pf_sink *sink);

/* How many rows it has. */
uint32_t pf_flame_static_rows(const struct pf_flame *flame);

/* The whole <svg>; with_header: the XML declaration before it. */
void pf_flame_document(const struct pf_flame *flame, bool with_header, struct pf_sink *sink);

/* A JSON string, quotes included; <, >, & and line separators are escaped, invalid UTF-8 replaced.
 */
void pf_json_string(struct pf_sink *sink, const char *text);

#endif
