/* SPDX-License-Identifier: MIT */
#include "profiler/report/quality.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"
#include "profiler/report/text_priv.h"

enum { QUALITY_UNROOTED_SHOWN = 5, QUALITY_PROCESSES_SHOWN = 8, QUALITY_GUESSED_PERCENT = 1 };

bool pf_quality_knows_rooted(const struct pf_summary *summary)
{
    return summary->samples && (summary->rooted || summary->unrooted_count);
}

double pf_quality_rooted_percent(const struct pf_summary *summary)
{
    return summary->samples ? 100.0 * (double)summary->rooted / (double)summary->samples : 0;
}

/* A share's 95 % interval is about 1.96 * sqrt(p (1 - p) / n): at most this many points. */
static double widest_interval(uint64_t samples)
{
    return 100 * 1.96 * 0.5 / sqrt((double)samples);
}

static bool is_sampled(const struct pf_summary *summary)
{
    return strcmp(summary->engine, "callgrind") != 0;
}

unsigned pf_quality_warnings(const struct pf_summary *summary,
                             char out[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES])
{
    uint64_t all = summary->samples + summary->lost;
    unsigned count = 0;

    if (!is_sampled(summary))
        return 0;
    if (summary->samples == 0)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES,
                       "no samples: the process was idle; record longer, put load on it, or use "
                       "--mode wall");
    else if (summary->samples < PF_QUALITY_FEW_SAMPLES)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES,
                       "only %" PRIu64 " samples: shares are uncertain by up to %.1f points; "
                       "record longer or at a higher rate",
                       summary->samples, widest_interval(summary->samples));
    if (pf_quality_knows_rooted(summary)
        && pf_quality_rooted_percent(summary) < PF_QUALITY_ROOTED_PERCENT)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES,
                       "only %.1f %% of the stacks reach their root: totals of callers are too low",
                       pf_quality_rooted_percent(summary));
    if (summary->lost * 100 > all * PF_QUALITY_LOST_PERCENT)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES,
                       "%.1f %% of the samples were lost: busy moments are under-represented",
                       100.0 * (double)summary->lost / (double)all);
    if (summary->throttled)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES,
                       "the kernel throttled sampling %" PRIu64 " times: use a lower rate",
                       summary->throttled);
    return count;
}

static void put_clean(const struct pf_text *text, const char *from)
{
    char clean[3 * 256 + 1];

    pf_utf8_clean(clean, sizeof clean, from, strlen(from));
    pf_sink_put_str(text->sink, clean);
}

static void put_origin(const struct pf_text *text, const struct pf_profile *profile,
                       const struct pf_summary *summary)
{
    struct pf_sink *sink = text->sink;

    put_clean(text, summary->command[0] ? summary->command : "profile");
    if (summary->pid)
        pf_sink_printf(sink, " (pid %d)", summary->pid);
    if (summary->engine[0])
        pf_sink_printf(sink, ", engine %s, mode %s", summary->engine,
                       summary->mode[0] ? summary->mode : "cpu");
    if (summary->frequency_hz)
        pf_sink_printf(sink, ", %" PRIu32 " Hz", summary->frequency_hz);
    if (profile->duration_ns)
        pf_sink_printf(sink, ", %.1f s", (double)profile->duration_ns / 1e9);
    pf_sink_put(sink, "\n", 1);
    if (summary->note[0]) {
        put_clean(text, summary->note);
        pf_sink_put(sink, "\n", 1);
    }
}

static void put_counts(const struct pf_text *text, const struct pf_summary *summary)
{
    struct pf_sink *sink = text->sink;
    uint64_t all = summary->samples + summary->lost;

    if (!is_sampled(summary))
        return;
    pf_sink_printf(sink, "%" PRIu64 " samples, %" PRIu64 " lost (%.2f %%)", summary->samples,
                   summary->lost, all ? 100.0 * (double)summary->lost / (double)all : 0);
    if (summary->truncated)
        pf_sink_printf(sink, ", %" PRIu64 " truncated", summary->truncated);
    if (pf_quality_knows_rooted(summary))
        pf_sink_printf(sink, ", %.2f %% rooted", pf_quality_rooted_percent(summary));
    pf_sink_put(sink, "\n", 1);
}

static void put_cost(const struct pf_text *text, const struct pf_summary *summary)
{
    struct pf_sink *sink = text->sink;

    if (!summary->target_cpu_ns && !summary->profiler_cpu_ns)
        return;
    pf_sink_printf(sink, "CPU: target %.2f s, profiler %.2f s",
                   (double)summary->target_cpu_ns / 1e9, (double)summary->profiler_cpu_ns / 1e9);
    if (summary->cost_percent >= 0)
        pf_sink_printf(sink, "; estimated cost to the target %.2f %%", summary->cost_percent);
    pf_sink_put(sink, "\n", 1);
}

static void put_unrooted(const struct pf_text *text, const struct pf_summary *summary)
{
    uint32_t shown = summary->unrooted_count < QUALITY_UNROOTED_SHOWN ? summary->unrooted_count
                                                                      : QUALITY_UNROOTED_SHOWN;

    for (uint32_t i = 0; i < shown; i++) {
        const struct pf_summary_unrooted *row = &summary->unrooted[i];
        pf_sink_printf(text->sink, "  unwinding stopped in ");
        put_clean(text, row->object[0] ? row->object : "unmapped memory");
        pf_sink_put_str(text->sink, ": ");
        put_clean(text, row->reason);
        pf_sink_printf(text->sink, ", %" PRIu64 " samples\n", row->samples);
    }
    if (shown < summary->unrooted_count)
        pf_sink_printf(text->sink, "  and in %" PRIu32 " more places\n",
                       summary->unrooted_count - shown);
}

/* The callers of such code are likely, not known: a frame may be missing, or be one too many. */
static void put_guessed(const struct pf_text *text, const struct pf_summary *summary)
{
    if (summary->guessed * 100 < summary->samples * QUALITY_GUESSED_PERCENT || !summary->guessed)
        return;
    pf_sink_printf(text->sink,
                   "  %.1f %% of the stacks hold guesses (callers by frame pointer, or by the look "
                   "of a return address): no call frame information in ",
                   100.0 * (double)summary->guessed / (double)summary->samples);
    put_clean(text, summary->guessed_in[0] ? summary->guessed_in : "unmapped memory");
    pf_sink_put_str(text->sink, "\n");
}

static void put_processes(const struct pf_text *text, const struct pf_summary *summary)
{
    uint32_t shown = summary->process_count < QUALITY_PROCESSES_SHOWN ? summary->process_count
                                                                      : QUALITY_PROCESSES_SHOWN;

    if (summary->process_count < 2)
        return;
    for (uint32_t i = 0; i < shown; i++) {
        const struct pf_summary_process *row = &summary->processes[i];
        pf_sink_printf(text->sink, "  pid %d ", row->pid);
        put_clean(text, row->command);
        pf_sink_printf(text->sink, ": %" PRIu64 " samples\n", row->samples);
    }
    if (shown < summary->process_count)
        pf_sink_printf(text->sink, "  and %" PRIu32 " more processes\n",
                       summary->process_count - shown);
}

/* A profile of somebody else's says nothing of its quality: only what it holds. */
static void put_foreign(const struct pf_text *text)
{
    char total[32];

    pf_text_value(total, sizeof total, text->paths->total, text->unit);
    pf_sink_printf(text->sink,
                   "%s %s in %" PRIu32 " stacks; the profile does not say how it was "
                   "recorded\n",
                   total, text->type, text->paths->count);
}

void pf_quality_put(const struct pf_text *text, const struct pf_profile *profile)
{
    char warnings[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES];
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);

    if (pf_summary_load(summary, profile)) {
        put_origin(text, profile, summary);
        put_counts(text, summary);
        put_processes(text, summary);
        put_unrooted(text, summary);
        put_guessed(text, summary);
        put_cost(text, summary);
        unsigned count = pf_quality_warnings(summary, warnings);
        for (unsigned i = 0; i < count; i++)
            pf_sink_printf(text->sink, "%swarning: %s%s\n", text->warn, warnings[i], text->plain);
    } else {
        put_foreign(text);
    }
    free(summary);
}
