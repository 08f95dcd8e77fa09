/*
 * The table of assay top: which rows, in which order, fitted to a width and a height.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_TOP_VIEW_H
#define HARNESS_CLI_TOP_VIEW_H

#include <stdbool.h>
#include <stdint.h>

struct pf_buf;
struct pf_live_view;

struct hn_top_state {
    bool by_total;   /* sort by total, else by self */
    bool whole_time; /* since the beginning, else the last interval */
    bool is_paused;
    uint32_t scrolled; /* rows above the window */
    unsigned columns;  /* of the terminal */
    unsigned rows;     /* of the terminal; 0: there is none, all rows that matter are printed */
};

struct hn_top_head {
    const char *command;
    uint32_t pid, frequency_hz, processes, threads;
    uint64_t samples, lost;
    double elapsed_s, interval_s; /* of the values in the view */
    bool is_time;                 /* values are nanoseconds */
};

/*
 * Append the picture: a heading of three lines and the rows that fit, each cut at columns, no line
 * feed after the last. Without a terminal: a plain table, with line feeds.
 */
void hn_top_draw(struct pf_buf *out, const struct hn_top_head *head, struct pf_live_view *view,
                 const struct hn_top_state *state);

/* What a key does to the state; false if the key means "quit". */
bool hn_top_key(struct hn_top_state *state, int key, uint32_t row_count);

#endif
