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
#include "profiler/profile/compare.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/value.h"
#include "profiler/report/left_out.h"
#include "profiler/report/text_priv.h"

enum { QUALITY_UNROOTED_SHOWN = 5, QUALITY_PROCESSES_SHOWN = 8, QUALITY_GUESSED_PERCENT = 1 };

bool pf_quality_knows_rooted(const struct pf_summary *summary)
{
    return summary->samples && (summary->rooted || summary->unrooted_count);
}

uint32_t pf_quality_others(const struct pf_summary *summary)
{
    uint32_t count = 0;

    for (uint32_t i = 0; summary->pid && i < summary->process_count; i++)
        count += summary->processes[i].pid != summary->pid;
    return count;
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

static unsigned warn_of_none(const struct pf_summary *summary, char *out)
{
    if (summary->target_cpu_ns == 0)
        (void)snprintf(out, PF_QUALITY_WARNING_BYTES,
                       "no samples: no CPU time was used; record longer, put load on it, or use "
                       "--mode wall");
    else
        (void)snprintf(out, PF_QUALITY_WARNING_BYTES,
                       "no samples, though %.3f s of CPU time were used: what it does is over "
                       "before its first sample; record at a higher rate (-F)",
                       (double)summary->target_cpu_ns / 1e9);
    return 1;
}

static unsigned warn_of_few(uint64_t samples, const char *condition, char *out)
{
    if (samples >= PF_QUALITY_FEW_SAMPLES)
        return 0;
    (void)snprintf(out, PF_QUALITY_WARNING_BYTES,
                   "only %" PRIu64 " samples%s: shares are uncertain by up to %.1f points; "
                   "record longer or at a higher rate",
                   samples, condition, widest_interval(samples));
    return 1;
}

unsigned pf_quality_warnings(const struct pf_summary *summary,
                             char out[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES])
{
    uint64_t all = summary->samples + summary->lost;
    unsigned count = 0;

    if (!is_sampled(summary))
        return 0;
    if (summary->samples == 0)
        count += warn_of_none(summary, out[count]);
    else
        count += warn_of_few(pf_summary_independent(summary),
                             pf_summary_independent(summary) < summary->samples ? " are independent"
                                                                                : "",
                             out[count]);
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

/* Its counts may be of anything; where they are few, they are few whatever they are. */
static unsigned warn_of_foreign(const struct pf_profile *profile, char *out)
{
    struct pf_sample_count samples = pf_profile_sample_count(profile);
    struct pf_err ignored = {0};
    uint32_t column = 0;

    if (samples.count == 0 || !pf_paths_column(profile, "samples", &column, &ignored))
        return 0;
    return warn_of_few(samples.count, samples.is_assumed ? ", if each count is one" : "", out);
}

unsigned pf_quality_warnings_of(const struct pf_profile *profile,
                                char out[PF_QUALITY_WARNINGS][PF_QUALITY_WARNING_BYTES])
{
    struct pf_summary *summary = pf_mem_new(1, sizeof *summary);
    bool is_ours = pf_summary_load(summary, profile);
    const char *left_out = pf_left_out_view(profile);
    unsigned count = is_ours ? pf_quality_warnings(summary, out) : warn_of_foreign(profile, out[0]);

    free(summary);
    if (left_out && count < PF_QUALITY_WARNINGS)
        (void)snprintf(out[count++], PF_QUALITY_WARNING_BYTES, "%.200s", left_out);
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
    if (pf_quality_others(summary))
        pf_sink_printf(sink, " and %" PRIu32 " more process%s", pf_quality_others(summary),
                       pf_quality_others(summary) == 1 ? "" : "es");
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

    if (!is_sampled(summary)) {
        if (summary->samples)
            pf_sink_printf(sink, "%" PRIu64 " %s, counted exactly\n", summary->samples,
                           summary->mode[0] ? summary->mode : "events");
        return;
    }
    pf_sink_printf(sink, "%" PRIu64 " samples, ", summary->samples);
    if (pf_summary_independent(summary) < summary->samples)
        pf_sink_printf(sink, "%" PRIu64 " of them independent, ", pf_summary_independent(summary));
    pf_sink_printf(sink, "%" PRIu64 " lost (%.2f %%)", summary->lost,
                   all ? 100.0 * (double)summary->lost / (double)all : 0);
    if (summary->truncated)
        pf_sink_printf(sink, ", %" PRIu64 " truncated", summary->truncated);
    if (pf_quality_knows_rooted(summary))
        pf_sink_printf(sink, ", %.2f %% rooted", pf_quality_rooted_percent(summary));
    pf_sink_put(sink, "\n", 1);
}

static void put_cost(const struct pf_text *text, const struct pf_summary *summary)
{
    struct pf_sink *sink = text->sink;

    if ((!summary->target_cpu_ns && !summary->profiler_cpu_ns) || !is_sampled(summary))
        return;
    pf_sink_put_str(sink, "CPU: ");
    if (summary->target_cpu_ns) /* not every engine measures it */
        pf_sink_printf(sink, "target %.2f s, ", (double)summary->target_cpu_ns / 1e9);
    pf_sink_printf(sink, "profiler %.2f s", (double)summary->profiler_cpu_ns / 1e9);
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
        pf_sink_printf(text->sink, "  and in %" PRIu32 " more place%s\n",
                       summary->unrooted_count - shown,
                       summary->unrooted_count - shown == 1 ? "" : "s");
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
        pf_sink_printf(text->sink, "  and %" PRIu32 " more process%s\n",
                       summary->process_count - shown,
                       summary->process_count - shown == 1 ? "" : "es");
}

/* A profile of somebody else's says nothing of its quality: only what it holds. */
static void put_foreign(const struct pf_text *text)
{
    char total[32];

    pf_text_value(total, sizeof total, text->paths->total, text->unit);
    pf_sink_printf(text->sink,
                   "%s %s in %" PRIu32 " stack%s; the profile does not say how it was "
                   "recorded\n",
                   total, text->type, text->paths->count, text->paths->count == 1 ? "" : "s");
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
    } else {
        put_foreign(text);
    }
    free(summary);
    unsigned count = pf_quality_warnings_of(profile, warnings);
    for (unsigned i = 0; i < count; i++) {
        pf_sink_printf(text->sink, "%swarning: ", text->warn);
        put_clean(text, warnings[i]); /* a file's comments may be among them */
        pf_sink_printf(text->sink, "%s\n", text->plain);
    }
}
