/*
 * What was lost in a process, in words: a finding for each place of allocation, and the verdict.
 *
 * Lost is red where the program is the user's; a tool of the system that a test starts is told as a
 * warning. What Criterion or the runner allocated for themselves is nobody's here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "harness/runner/under_leaks_priv.h"
#include "profiler/profile/frames.h"

enum { FRAMES_SHOWN = 16, RECORDS_SHOWN = 40, TEXT_MAX = 64 * 1024 };

struct site {
    const char *function, *file, *object;
    uint32_t line;
};

struct teller {
    const struct hn_leaks_member *member;
    struct hn_attempt *attempt;
    struct pf_arena *arena;
    const char *who; /* "" of the test itself, else "process 123 (server): " */
    bool is_red;     /* what is definitely lost here makes the test red */
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Where calls of malloc pass through on behalf of others. */
static bool is_library(const char *object)
{
    return begins(object, "libc.so") || begins(object, "libc-") || begins(object, "libstdc++")
           || begins(object, "libassay-a") || begins(object, "libasan");
}

static bool is_runners(const char *object)
{
    return begins(object, "libcriterion") || begins(object, "libassay-runner")
           || begins(object, "libboxfort") || begins(object, "libnanomsg");
}

static const char *object_of(const struct pf_profile *profile, const struct pf_location *location)
{
    if (location->mapping == PF_NONE)
        return "";
    return pf_frame_base_name(
        pf_profile_text(profile, pf_profile_mapping_at(profile, location->mapping)->file));
}

/* The innermost function of a location. */
static struct site site_at(const struct pf_profile *profile, uint32_t index)
{
    const struct pf_location *location = pf_profile_location_at(profile, index);
    struct site site = {"(unknown)", "", object_of(profile, location), 0};

    if (location->line_count) {
        const struct pf_line *line = pf_profile_lines_view(profile, location);
        const struct pf_function *function = pf_profile_function_at(profile, line->function);
        site.function = pf_profile_text(profile, function->name);
        site.file = pf_profile_text(profile, function->file);
        site.line = line->line;
    }
    return site;
}

/* Who asked for the block: the first function that is neither the C library's nor a mock of it. */
static struct site site_of(const struct pf_profile *profile, uint32_t stack)
{
    struct site site = {"(a stack not known)", "", "", 0};
    uint32_t count = 0;
    const uint32_t *locations =
        stack == PF_NONE ? NULL : pf_profile_stack_view(profile, stack, &count);

    for (uint32_t i = 0; i < count; i++) {
        site = site_at(profile, locations[i]);
        if (!is_library(site.object) && !begins(site.function, "__wrap_"))
            break;
    }
    return site;
}

static void put_location(struct pf_buf *text, const struct pf_profile *profile, uint32_t index)
{
    const struct pf_location *location = pf_profile_location_at(profile, index);
    const struct pf_line *lines = pf_profile_lines_view(profile, location);

    for (uint32_t i = 0; i < location->line_count; i++) {
        const struct pf_function *function = pf_profile_function_at(profile, lines[i].function);
        const char *file = pf_profile_text(profile, function->file);
        pf_buf_printf(text, "\n  %s", pf_profile_text(profile, function->name));
        if (*file)
            pf_buf_printf(text, "  %s:%u", file, lines[i].line);
        else
            pf_buf_printf(text, "  (%s)", object_of(profile, location));
    }
    if (!location->line_count)
        pf_buf_printf(text, "\n  (unknown)  (%s)", object_of(profile, location));
}

/* Down to where the runner called the test. */
static void put_stack(struct pf_buf *text, const struct pf_profile *profile, uint32_t stack)
{
    uint32_t count = 0;
    const uint32_t *locations =
        stack == PF_NONE ? NULL : pf_profile_stack_view(profile, stack, &count);

    for (uint32_t i = 0; i < count && i < FRAMES_SHOWN; i++) {
        if (is_runners(site_at(profile, locations[i]).object))
            break;
        put_location(text, profile, locations[i]);
    }
}

static const char *amount_of(struct pf_arena *arena, const struct pf_leak_record *record)
{
    const char *more = "";

    if (record->indirect_blocks)
        more = hn_text(arena, " (and through them %llu bytes in %llu)",
                       (unsigned long long)record->indirect_bytes,
                       (unsigned long long)record->indirect_blocks);
    return hn_text(arena, "%llu bytes in %llu block%s%s", (unsigned long long)record->bytes,
                   (unsigned long long)record->blocks, record->blocks == 1 ? "" : "s", more);
}

static const char *place_of(struct pf_arena *arena, const struct site *site)
{
    if (*site->file)
        return hn_text(arena, "%s (%s:%u)", site->function, site->file, site->line);
    return hn_text(arena, "%s (%s)", site->function, site->object);
}

/* A failed check stays the verdict: a test that leaves at it loses what it holds. */
static void make_red(struct teller *teller, const char *reason)
{
    struct hn_attempt *attempt = teller->attempt;

    if (attempt->status >= HN_LEAK)
        return;
    attempt->status = HN_LEAK;
    attempt->reason = reason;
    attempt->asserted_nothing = false;
}

static void tell_record(struct teller *teller, const struct pf_leak_record *record)
{
    const struct pf_profile *profile = &teller->member->found.profile;
    struct site site = site_of(profile, record->stack);
    bool is_definite = record->kind == PF_LEAK_DEFINITE;
    bool is_red = is_definite;
    struct pf_buf text = {.max = TEXT_MAX};

    if (is_runners(site.object) || record->is_suppressed || record->kind == PF_LEAK_INDIRECT)
        return;
    const char *amount = amount_of(teller->arena, record);
    const char *place = place_of(teller->arena, &site);
    const char *how = is_definite ? "definitely" : "possibly";
    pf_buf_printf(&text, "%s%s %s lost, allocated by %s", teller->who, amount, how, site.function);
    put_stack(&text, profile, record->stack);
    is_red &= teller->attempt->status != HN_FAIL;
    hn_attempt_say(teller->attempt, teller->arena, is_red ? HN_MESSAGE_ERROR : HN_MESSAGE_WARNING,
                   *site.file ? site.file : NULL, site.line, pf_buf_cstr(&text));
    hn_attempt_leak(teller->attempt, teller->arena, pf_leak_kind_name(record->kind), record->bytes,
                    hn_text(teller->arena, "%s%s, allocated by %s", teller->who, amount, place));
    if (is_red)
        make_red(teller, hn_text(teller->arena, "%s%s %s lost, allocated by %s", teller->who,
                                 amount, how, place));
    pf_buf_fini(&text);
}

static void note(struct teller *teller, const char *text)
{
    hn_attempt_say(teller->attempt, teller->arena, HN_MESSAGE_NOTE, NULL, 0, text);
}

/* A tool of the system in one line: where it loses what is not for this project to mend. */
static void tell_tool(struct teller *teller)
{
    const struct pf_leak_total *definite = &teller->member->found.totals[PF_LEAK_DEFINITE];
    const struct pf_leak_total *possible = &teller->member->found.totals[PF_LEAK_POSSIBLE];

    if (!definite->blocks && !possible->blocks)
        return;
    hn_attempt_say(teller->attempt, teller->arena,
                   definite->blocks ? HN_MESSAGE_WARNING : HN_MESSAGE_NOTE, NULL, 0,
                   hn_text(teller->arena,
                           "%sa program of the system lost %llu bytes in %llu blocks definitely, "
                           "%llu in %llu possibly (assay leaks -- PROGRAM names the places)",
                           teller->who, (unsigned long long)definite->bytes,
                           (unsigned long long)definite->blocks,
                           (unsigned long long)possible->bytes,
                           (unsigned long long)possible->blocks));
}

/* Records come by kind, most bytes first: of many, the last are the least. */
static void tell_records(struct teller *teller)
{
    const struct pf_leaks *found = &teller->member->found;

    for (uint32_t i = 0; i < found->record_count && i < RECORDS_SHOWN; i++)
        tell_record(teller, &found->records[i]);
    if (found->record_count > RECORDS_SHOWN)
        note(teller, hn_text(teller->arena, "%sand %u places more", teller->who,
                             found->record_count - RECORDS_SHOWN));
}

static void tell_found(struct teller *teller)
{
    const struct pf_leaks *found = &teller->member->found;
    const struct pf_leak_total *reachable = &found->totals[PF_LEAK_REACHABLE];

    if (teller->is_red)
        tell_records(teller);
    else
        tell_tool(teller);
    if (reachable->blocks)
        note(teller,
             hn_text(teller->arena, "%sstill reachable at its end: %llu bytes in %llu block%s",
                     teller->who, (unsigned long long)reachable->bytes,
                     (unsigned long long)reachable->blocks, reachable->blocks == 1 ? "" : "s"));
    if (found->note[0])
        hn_attempt_say(teller->attempt, teller->arena, HN_MESSAGE_WARNING, NULL, 0,
                       hn_text(teller->arena, "%s%s", teller->who, found->note));
}

static void tell_unjudged(struct teller *teller)
{
    if (teller->member->err.text[0])
        hn_attempt_say(teller->attempt, teller->arena, HN_MESSAGE_WARNING, NULL, 0,
                       hn_text(teller->arena, "%smemory was not judged: %s", teller->who,
                               teller->member->err.text));
    else if (*teller->who)
        note(teller, hn_text(teller->arena,
                             "%smemory was not judged: it ended by a signal or became another "
                             "program, and did not exit",
                             teller->who));
    else if (teller->attempt->status <= HN_SKIP)
        note(teller, "memory was not judged: the test ended before its end");
}

static bool is_of_system(const char *exe)
{
    return begins(exe, "/bin/") || begins(exe, "/sbin/") || begins(exe, "/usr/bin/")
           || begins(exe, "/usr/sbin/") || begins(exe, "/usr/lib");
}

void hn_leaks_tell(const struct hn_leaks_member *member, const char *exe,
                   struct hn_attempt *attempt, struct pf_arena *arena)
{
    struct teller teller = {member, attempt, arena, "", true};

    if (member->role == HN_LEAKS_CHILD) {
        teller.who = hn_text(arena, "process %d (%s): ", (int)member->pid, exe);
        teller.is_red = !is_of_system(exe);
    }
    if (member->is_judged)
        tell_found(&teller);
    else
        tell_unjudged(&teller);
}
