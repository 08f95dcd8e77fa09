/* SPDX-License-Identifier: MIT */
#include "harness/cli/top_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/buf.h"
#include "profiler/profile/value.h"
#include "profiler/session/live.h"

enum { HEAD_ROWS = 4, PLAIN_ROWS = 20, LINE_BYTES = 1024 };

bool hn_top_key(struct hn_top_state *state, int key, uint32_t row_count)
{
    switch (key) {
    case 'q':
    case 'Q':
        return false;
    case 's':
        state->by_total = false;
        break;
    case 't':
        state->by_total = true;
        break;
    case 'c':
        state->whole_time = !state->whole_time;
        break;
    case 'p':
    case ' ':
        state->is_paused = !state->is_paused;
        break;
    case 'j':
        state->scrolled += state->scrolled + 1 < row_count;
        break;
    case 'k':
        state->scrolled -= state->scrolled > 0;
        break;
    default:
        break;
    }
    return true;
}

static int64_t self_of(const struct pf_live_row *row, const struct hn_top_state *state)
{
    return state->whole_time ? row->all_self : row->self;
}

static int64_t total_of(const struct pf_live_row *row, const struct hn_top_state *state)
{
    return state->whole_time ? row->all_total : row->total;
}

static int compare(const void *a, const void *b, void *state)
{
    const struct hn_top_state *how = state;
    const struct pf_live_row *x = a;
    const struct pf_live_row *y = b;
    int64_t keys[2][2] = {{self_of(x, how), self_of(y, how)}, {total_of(x, how), total_of(y, how)}};
    const int64_t *first = keys[how->by_total];
    const int64_t *second = keys[!how->by_total];

    if (first[0] != first[1])
        return first[0] < first[1] ? 1 : -1;
    if (second[0] != second[1])
        return second[0] < second[1] ? 1 : -1;
    return strcmp(x->function, y->function);
}

/* A line cut at columns; bytes of one UTF-8 character are not torn apart. */
static void put_line(struct pf_buf *out, const char *line, unsigned columns, bool is_plain)
{
    size_t size = strlen(line);
    unsigned shown = 0;
    size_t end = 0;

    while (end < size && (shown < columns || is_plain)) {
        end++;
        while (end < size && ((unsigned char)line[end] & 0xc0) == 0x80)
            end++;
        shown++;
    }
    pf_buf_put(out, line, end);
    pf_buf_put_str(out, is_plain ? "\n" : "\033[K\r\n");
}

static void put_head(struct pf_buf *out, const struct hn_top_head *head,
                     const struct pf_live_view *view, const struct hn_top_state *state)
{
    char line[LINE_BYTES];
    unsigned columns = state->columns;
    bool is_plain = state->rows == 0;
    double lost = head->samples + head->lost
                      ? 100.0 * (double)head->lost / (double)(head->samples + head->lost)
                      : 0;
    double span = state->whole_time ? head->elapsed_s : head->interval_s;
    int64_t value = state->whole_time ? view->all_value : view->value;

    (void)snprintf(line, sizeof line, "assay top: %s (pid %u), %u process%s, %u thread%s",
                   head->command, head->pid, head->processes, head->processes == 1 ? "" : "es",
                   head->threads, head->threads == 1 ? "" : "s");
    put_line(out, line, columns, is_plain);
    (void)snprintf(line, sizeof line, "%.1f s at %u Hz, %" PRIu64 " samples, %.1f %% lost",
                   head->elapsed_s, head->frequency_hz, head->samples, lost);
    if (head->is_time && span > 0)
        (void)snprintf(line + strlen(line), sizeof line - strlen(line),
                       "; %.0f %% of a core in %s %.1f s", (double)value / 1e7 / span,
                       state->whole_time ? "all" : "the last", span);
    put_line(out, line, columns, is_plain);
    if (!is_plain) {
        (void)snprintf(line, sizeof line, "%s by %s, %s   q quit  p pause  s self  t total  c %s",
                       state->is_paused ? "PAUSED," : "sorted", state->by_total ? "total" : "self",
                       state->whole_time ? "since the beginning" : "last interval",
                       state->whole_time ? "interval" : "cumulate");
        put_line(out, line, columns, is_plain);
    }
    put_line(out, "   SELF   TOTAL  FUNCTION", columns, is_plain);
}

static void put_row(struct pf_buf *out, const struct pf_live_row *row,
                    const struct hn_top_state *state, int64_t value, unsigned columns)
{
    char line[LINE_BYTES];
    const char *object = pf_frame_base_name(row->object);

    (void)snprintf(line, sizeof line, "%6.2f%% %6.2f%%  %.512s%s%.128s%s",
                   pf_value_percent(self_of(row, state), value),
                   pf_value_percent(total_of(row, state), value), row->function,
                   object[0] ? "  [" : "", object[0] == '[' ? object + 1 : object,
                   object[0] && object[0] != '[' ? "]" : "");
    for (char *at = line; *at; at++) /* names come from files: no escape sequence passes */
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    put_line(out, line, columns, columns == 0);
}

void hn_top_draw(struct pf_buf *out, const struct hn_top_head *head, struct pf_live_view *view,
                 const struct hn_top_state *state)
{
    unsigned columns = state->columns, rows = state->rows;
    bool is_plain = rows == 0;
    int64_t value = state->whole_time ? view->all_value : view->value;
    uint32_t room = is_plain ? PLAIN_ROWS : rows > HEAD_ROWS + 1 ? rows - HEAD_ROWS - 1 : 0;
    struct hn_top_state how = *state;

    if (view->count > 1)
        qsort_r(view->rows, view->count, sizeof *view->rows, compare, &how);
    if (is_plain || rows > HEAD_ROWS)
        put_head(out, head, view, state);
    else
        put_line(out, "the terminal is too low", columns, false);
    for (uint32_t i = is_plain ? 0 : state->scrolled; i < view->count && room > 0; i++, room--) {
        if (total_of(&view->rows[i], state) <= 0)
            continue;
        put_row(out, &view->rows[i], state, value, is_plain ? 0 : columns);
    }
    if (value == 0 && (is_plain || rows > HEAD_ROWS + 1))
        put_line(out, "  (no CPU time used: is there load on it?)", columns, is_plain);
}
