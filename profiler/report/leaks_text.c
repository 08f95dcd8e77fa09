/*
 * A leak check's result to read: what was lost, where it was allocated, what to do about it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/leak/leaks.h"
#include "profiler/report/leaks_report.h"

enum { NAME_BYTES = 1024, FRAMES_SHOWN = 24 };

struct paint {
    const char *bold, *red, *dim, *plain;
};

static const char *const MEANINGS[PF_LEAK_KINDS] = {
    [PF_LEAK_DEFINITE] = "nothing points to it any more: free it before the last pointer goes",
    [PF_LEAK_INDIRECT] = "only a lost block points to it: freeing that one's structure frees this",
    [PF_LEAK_POSSIBLE] =
        "only pointers into its middle are left: lost, unless that is how you keep it",
    [PF_LEAK_REACHABLE] = "still pointed to at the end: no leak, but it was never freed",
};

static void write_size(struct pf_sink *sink, uint64_t bytes)
{
    if (bytes < 10240)
        pf_sink_printf(sink, "%" PRIu64 " bytes", bytes);
    else if (bytes < 10 << 20)
        pf_sink_printf(sink, "%.1f KiB", (double)bytes / 1024);
    else
        pf_sink_printf(sink, "%.1f MiB", (double)bytes / (1 << 20));
}

static void write_blocks(struct pf_sink *sink, uint64_t blocks)
{
    pf_sink_printf(sink, "%" PRIu64 " block%s", blocks, blocks == 1 ? "" : "s");
}

/* Names come from other people's binaries: nothing of them may steer a terminal. */
static void write_name(struct pf_sink *sink, const char *name)
{
    char clean[NAME_BYTES];

    pf_utf8_clean(clean, sizeof clean, name, strlen(name));
    for (char *at = clean; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    pf_sink_put_str(sink, clean);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void write_frame(struct pf_sink *sink, const struct pf_profile *profile,
                        const struct pf_location *location, const struct pf_line *line,
                        const struct paint *paint)
{
    const struct pf_function *function = pf_profile_function_at(profile, line->function);
    const char *file = pf_profile_text(profile, function->file);

    pf_sink_put_str(sink, "      ");
    pf_sink_put_str(sink, paint->bold);
    write_name(sink, pf_profile_text(profile, function->name));
    pf_sink_put_str(sink, paint->plain);
    if (*file) {
        pf_sink_put_str(sink, "  ");
        write_name(sink, file);
        if (line->line)
            pf_sink_printf(sink, ":%u", line->line);
    } else if (location->mapping != PF_NONE) {
        const struct pf_mapping *mapping = pf_profile_mapping_at(profile, location->mapping);
        pf_sink_put_str(sink, paint->dim);
        pf_sink_put_str(sink, "  in ");
        write_name(sink, base_name(pf_profile_text(profile, mapping->file)));
        pf_sink_put_str(sink, paint->plain);
    }
    pf_sink_put_str(sink, "\n");
}

static void write_stack(struct pf_sink *sink, const struct pf_profile *profile,
                        const struct pf_leak_record *record, const struct paint *paint)
{
    uint32_t count = 0;
    uint32_t shown = 0;
    const uint32_t *locations = NULL;

    if (record->stack == PF_NONE) {
        pf_sink_put_str(sink, "      (its stack was not recorded)\n");
        return;
    }
    locations = pf_profile_stack_view(profile, record->stack, &count);
    for (uint32_t i = 0; i < count && shown < FRAMES_SHOWN; i++) {
        const struct pf_location *location = pf_profile_location_at(profile, locations[i]);
        const struct pf_line *lines = pf_profile_lines_view(profile, location);
        for (uint32_t n = 0; n < location->line_count; n++, shown++)
            write_frame(sink, profile, location, &lines[n], paint);
        if (shown >= FRAMES_SHOWN && i + 1 < count)
            pf_sink_printf(sink, "      ... %u more frames\n", count - i - 1);
    }
    if (record->is_truncated)
        pf_sink_put_str(sink, "      ... (the stack could not be followed further)\n");
}

static void write_record(struct pf_sink *sink, const struct pf_leaks *leaks,
                         const struct pf_leak_record *record, const struct paint *paint)
{
    pf_sink_printf(sink, "  %s%s%s  ", record->kind == PF_LEAK_DEFINITE ? paint->red : paint->bold,
                   pf_leak_kind_name(record->kind), paint->plain);
    write_size(sink, record->bytes);
    pf_sink_put_str(sink, " in ");
    write_blocks(sink, record->blocks);
    if (record->indirect_blocks) {
        pf_sink_put_str(sink, ", and ");
        write_size(sink, record->indirect_bytes);
        pf_sink_put_str(sink, " in ");
        write_blocks(sink, record->indirect_blocks);
        pf_sink_put_str(sink, " lost with it");
    }
    if (record->is_suppressed)
        pf_sink_put_str(sink, "  (suppressed)");
    pf_sink_put_str(sink, "  allocated at\n");
    write_stack(sink, &leaks->profile, record, paint);
    pf_sink_put_str(sink, "\n");
}

static void write_summary(struct pf_sink *sink, const struct pf_leaks *leaks)
{
    for (unsigned kind = 0; kind < PF_LEAK_KINDS; kind++) {
        pf_sink_printf(sink, "  %-10s ", pf_leak_kind_name((enum pf_leak_kind)kind));
        write_size(sink, leaks->totals[kind].bytes);
        pf_sink_put_str(sink, " in ");
        write_blocks(sink, leaks->totals[kind].blocks);
        if (leaks->totals[kind].blocks)
            pf_sink_printf(sink, "  (%s)", MEANINGS[kind]);
        pf_sink_put_str(sink, "\n");
    }
    if (leaks->suppressed.blocks) {
        pf_sink_put_str(sink, "  suppressed ");
        write_size(sink, leaks->suppressed.bytes);
        pf_sink_put_str(sink, " in ");
        write_blocks(sink, leaks->suppressed.blocks);
        pf_sink_put_str(sink, "\n");
    }
}

static void write_head(struct pf_sink *sink, const struct pf_leaks *leaks)
{
    pf_sink_put_str(sink, "Leak check of ");
    write_name(sink, leaks->command);
    pf_sink_printf(sink, " (pid %d, engine %s)\n", (int)leaks->pid, leaks->engine);
    pf_sink_printf(sink,
                   "  ran %.1f s, ended with status %d; %u process%s judged, %u not; pause %.1f "
                   "ms; %" PRIu64 " allocations seen\n",
                   leaks->duration_s, leaks->exit_status, leaks->process_count,
                   leaks->process_count == 1 ? "" : "es", leaks->unjudged_count, leaks->pause_ms,
                   leaks->allocations);
    if (leaks->note[0]) {
        pf_sink_put_str(sink, "  note: ");
        write_name(sink, leaks->note);
        pf_sink_put_str(sink, "\n");
    }
    pf_sink_put_str(sink, "\n");
}

void pf_leaks_write_text(const struct pf_leaks *leaks, const struct pf_leaks_view *view,
                         struct pf_sink *sink)
{
    static const struct paint coloured = {"\033[1m", "\033[1;31m", "\033[2m", "\033[0m"};
    static const struct paint bare = {"", "", "", ""};
    const struct paint *paint = view->is_terminal ? &coloured : &bare;

    write_head(sink, leaks);
    for (uint32_t i = 0; i < leaks->record_count; i++)
        if (view->kinds & pf_leak_bit(leaks->records[i].kind))
            write_record(sink, leaks, &leaks->records[i], paint);
    write_summary(sink, leaks);
    pf_sink_put_str(sink, pf_leaks_has(leaks, view->fail_on)
                              ? "\nLeaks were found. The topmost frame in your code is where to "
                                "look: who should free what it allocates?\n"
                              : "\nNo leaks of the kinds that count.\n");
}
