/*
 * The difference of two texts by lines: a longest common subsequence between the equal ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "harness/runner/snapshots.h"

enum { LINES_MAX = 2000, SHOWN_MAX = 200, AROUND = 3 };

struct line {
    const char *at;
    size_t size;
};

struct lines {
    struct line *at;
    size_t count;
};

static struct lines split(const char *text)
{
    struct lines lines = {pf_mem_new(LINES_MAX, sizeof(struct line)), 0};

    while (*text && lines.count < LINES_MAX) {
        size_t size = strcspn(text, "\n");
        lines.at[lines.count++] = (struct line){text, size};
        text += size + (text[size] == '\n');
    }
    return lines;
}

static bool same(const struct line *a, const struct line *b)
{
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

struct diff {
    struct pf_buf *out;
    const struct lines *before, *after;
    size_t start, before_end, after_end; /* what differs lies between */
    uint16_t *lengths;                   /* of common subsequences, (rows + 1) * (columns + 1) */
    unsigned shown;
};

static void put_byte(struct pf_buf *out, unsigned char byte, bool is_at_end)
{
    if (byte == '\r')
        pf_buf_put_str(out, "\\r");
    else if (byte == '\t' && is_at_end)
        pf_buf_put_str(out, "\\t");
    else if ((byte < ' ' && byte != '\t') || byte == 0x7f || (byte == ' ' && is_at_end))
        pf_buf_printf(out, "\\x%02x", byte);
    else
        pf_buf_put(out, &byte, 1);
}

static void put_line(struct pf_buf *out, char mark, const struct line *line)
{
    size_t text = line->size; /* up to the blanks at its end */

    while (text && strchr(" \t\r", line->at[text - 1]))
        text--;
    pf_buf_printf(out, "%c ", mark);
    for (size_t i = 0; i < line->size; i++)
        put_byte(out, (unsigned char)line->at[i], i >= text);
    pf_buf_put_str(out, "\n");
}

static void put(struct diff *diff, char mark, const struct line *line)
{
    if (diff->shown++ < SHOWN_MAX)
        put_line(diff->out, mark, line);
    else if (diff->shown == SHOWN_MAX + 1)
        pf_buf_put_str(diff->out, "  ...\n");
}

static void find_ends(struct diff *diff)
{
    size_t before = diff->before->count, after = diff->after->count;

    while (diff->start < before && diff->start < after
           && same(&diff->before->at[diff->start], &diff->after->at[diff->start]))
        diff->start++;
    while (before > diff->start && after > diff->start
           && same(&diff->before->at[before - 1], &diff->after->at[after - 1])) {
        before--;
        after--;
    }
    diff->before_end = before;
    diff->after_end = after;
}

static void fill_lengths(struct diff *diff)
{
    size_t rows = diff->before_end - diff->start, columns = diff->after_end - diff->start;
    size_t width = columns + 1;

    diff->lengths = pf_mem_new((rows + 1) * width, sizeof *diff->lengths);
    for (size_t i = rows; i-- > 0;)
        for (size_t j = columns; j-- > 0;) {
            uint16_t down = diff->lengths[(i + 1) * width + j];
            uint16_t right = diff->lengths[i * width + j + 1];
            bool equal =
                same(&diff->before->at[diff->start + i], &diff->after->at[diff->start + j]);
            diff->lengths[i * width + j] =
                equal ? (uint16_t)(diff->lengths[(i + 1) * width + j + 1] + 1)
                      : (down > right ? down : right);
        }
}

static void put_changes(struct diff *diff)
{
    size_t i = 0, j = 0;
    size_t rows = diff->before_end - diff->start, columns = diff->after_end - diff->start;
    size_t width = columns + 1;

    while (i < rows || j < columns) {
        const struct line *old = &diff->before->at[diff->start + i];
        const struct line *new = &diff->after->at[diff->start + j];
        if (i < rows && j < columns && same(old, new)) {
            put(diff, ' ', old);
            i++;
            j++;
        } else if (i < rows
                   && (j == columns
                       || diff->lengths[(i + 1) * width + j] >= diff->lengths[i * width + j + 1])) {
            put(diff, '-', old);
            i++;
        } else {
            put(diff, '+', new);
            j++;
        }
    }
}

void hn_snapshot_diff(struct pf_buf *out, const char *before, const char *after)
{
    struct lines old = split(before), new = split(after);
    struct diff diff = {.out = out, .before = &old, .after = &new};

    find_ends(&diff);
    fill_lengths(&diff);
    for (size_t i = diff.start > AROUND ? diff.start - AROUND : 0; i < diff.start; i++)
        put(&diff, ' ', &old.at[i]);
    put_changes(&diff);
    for (size_t i = diff.before_end; i < old.count && i < diff.before_end + AROUND; i++)
        put(&diff, ' ', &old.at[i]);
    free(diff.lengths);
    free(old.at);
    free(new.at);
}
