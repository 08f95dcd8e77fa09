/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/mapped_objects.h"

const char *pf_quality_reason(enum pf_lost reason)
{
    static const char *const words[] = {
        [PF_LOST_NOT] = "none",
        [PF_LOST_NO_CODE] = "address in no mapped code",
        [PF_LOST_NO_RULE] = "no call frame information",
        [PF_LOST_OUT_OF_BYTES] = "stack larger than the copy",
        [PF_LOST_BAD_MEMORY] = "stack memory unreadable",
        [PF_LOST_NO_PROGRESS] = "stack pointer does not move up",
        [PF_LOST_EXPRESSION] = "unsupported DWARF expression",
        [PF_LOST_DEPTH] = "deeper than the limit",
        [PF_LOST_NO_REGISTER] = "register of an outer frame unknown",
    };
    return (unsigned)reason < sizeof words / sizeof words[0] ? words[reason] : "unknown";
}

static void count_unrooted(struct pf_record_quality *quality, const struct pf_trail *trail)
{
    for (uint32_t i = 0; i < quality->row_count; i++) {
        struct pf_unrooted_row *row = &quality->rows[i];
        if (row->object == trail->lost_object && row->reason == trail->lost) {
            row->samples++;
            return;
        }
    }
    if (quality->row_count < PF_SUMMARY_ROWS_MAX)
        quality->rows[quality->row_count++] =
            (struct pf_unrooted_row){trail->lost_object, trail->lost, 1};
}

static void count_guess(struct pf_record_quality *quality, uint32_t object)
{
    uint32_t i = 0;

    quality->guessed++;
    while (i < quality->guess_count && quality->guesses[i].object != object)
        i++;
    if (i == quality->guess_count && i < PF_QUALITY_GUESSES_MAX)
        quality->guesses[quality->guess_count++] = (struct pf_guessed_row){object, 0};
    if (i < quality->guess_count)
        quality->guesses[i].samples++;
}

void pf_quality_count(struct pf_record_quality *quality, const struct pf_trail *trail)
{
    quality->samples++;
    if (trail->guessed)
        count_guess(quality, trail->guess_object);
    if (trail->is_rooted) {
        quality->rooted++;
        return;
    }
    quality->truncated += trail->lost == PF_LOST_OUT_OF_BYTES || trail->lost == PF_LOST_DEPTH;
    count_unrooted(quality, trail);
}

static int more_samples(const void *left, const void *right)
{
    const struct pf_unrooted_row *a = left;
    const struct pf_unrooted_row *b = right;

    return (a->samples < b->samples) - (a->samples > b->samples);
}

static void put_object(char out[PF_SUMMARY_TEXT], const struct pf_mapped_objects *objects,
                       uint32_t object)
{
    const char *name = object < objects->count ? objects->at[object].path : "[unknown]";

    (void)snprintf(out, PF_SUMMARY_TEXT, "%.*s", PF_SUMMARY_TEXT - 1, name);
}

static void summarise_guesses(const struct pf_record_quality *quality,
                              const struct pf_mapped_objects *objects, struct pf_summary *summary)
{
    const struct pf_guessed_row *most = &quality->guesses[0];

    summary->guessed = quality->guessed;
    for (uint32_t i = 1; i < quality->guess_count; i++)
        if (quality->guesses[i].samples > most->samples)
            most = &quality->guesses[i];
    if (quality->guessed)
        put_object(summary->guessed_in, objects, most->object);
}

void pf_quality_summarise(const struct pf_record_quality *quality,
                          const struct pf_mapped_objects *objects, struct pf_summary *summary)
{
    struct pf_unrooted_row rows[PF_SUMMARY_ROWS_MAX];

    summary->samples = quality->samples;
    summary->rooted = quality->rooted;
    summary->truncated = quality->truncated;
    summary->lost = quality->lost;
    summary->throttled = quality->throttled;
    memcpy(rows, quality->rows, quality->row_count * sizeof *rows);
    qsort(rows, quality->row_count, sizeof *rows, more_samples);
    for (uint32_t i = 0; i < quality->row_count; i++) {
        struct pf_summary_unrooted *to = &summary->unrooted[i];
        put_object(to->object, objects, rows[i].object);
        (void)snprintf(to->reason, sizeof to->reason, "%s", pf_quality_reason(rows[i].reason));
        to->samples = rows[i].samples;
    }
    summary->unrooted_count = quality->row_count;
    summarise_guesses(quality, objects, summary);
}
