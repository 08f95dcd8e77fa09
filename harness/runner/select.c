/* SPDX-License-Identifier: MIT */
#include "harness/runner/select.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runner/shard.h"

enum { PATTERN_MAX = 1024, BRACES_MAX = 256 };

/* "[12]" names a case; any other bracket is a set of characters. */
static size_t case_length(const char *at)
{
    size_t digits = strspn(at + 1, "0123456789");

    return digits && at[1 + digits] == ']' ? digits + 2 : 0;
}

/* Copy pattern so that fnmatch takes the brackets of a case literally. */
static void escape_cases(char to[PATTERN_MAX], const char *pattern)
{
    size_t size = 0;

    for (const char *at = pattern; *at && size < PATTERN_MAX - 3; at++) {
        if ((*at == '[' && case_length(at))
            || (*at == ']' && at > pattern && isdigit((unsigned char)at[-1])))
            to[size++] = '\\';
        to[size++] = *at;
    }
    to[size] = '\0';
}

static bool match_plain(const char *pattern, const char *id)
{
    char escaped[PATTERN_MAX];
    const char *short_id = strchr(id, '/');

    if (!strpbrk(pattern, "*?[{")
        || (strchr(pattern, '[') && !strpbrk(pattern, "*?") && case_length(strchr(pattern, '['))))
        return strstr(id, pattern) != NULL;
    escape_cases(escaped, pattern);
    return fnmatch(escaped, id, 0) == 0 || (short_id && fnmatch(escaped, short_id + 1, 0) == 0);
}

/* Try each alternative of the first {a,b}; nested ones are expanded by the calls within. */
static bool match_braces(const char *pattern, const char *id, unsigned *budget)
{
    char expanded[PATTERN_MAX];
    const char *open = strchr(pattern, '{');
    const char *close = open ? strchr(open, '}') : NULL;

    if (!close || strlen(pattern) >= PATTERN_MAX)
        return match_plain(pattern, id);
    for (const char *at = open + 1; at <= close && *budget > 0;) {
        (*budget)--;
        size_t size = strcspn(at, ",}");
        size_t before = (size_t)(open - pattern);
        memcpy(expanded, pattern, before);
        memcpy(expanded + before, at, size);
        (void)strcpy(expanded + before + size, close + 1);
        if (match_braces(expanded, id, budget))
            return true;
        at += size + 1;
    }
    return false;
}

bool hn_glob_matches(const char *pattern, const char *id)
{
    unsigned budget = BRACES_MAX;

    return match_braces(pattern, id, &budget);
}

const char *hn_glob_problem(const char *pattern)
{
    for (const char *at = pattern; *at; at++) {
        if (*at == '[' && (!at[1] || !strchr(at + 2, ']')))
            return "has a '[' without ']'";
        if (*at == '[')
            at = strchr(at + 2, ']'); /* a ']' that comes first is one of the set */
        else if (*at == '{' && !strchr(at, '}'))
            return "has a '{' without '}'";
    }
    return NULL;
}

static bool matches_patterns(const struct hn_selection *selection, const char *id)
{
    bool wanted = true, has_positive = false;

    for (unsigned i = 0; i < selection->pattern_count; i++) {
        const char *pattern = selection->patterns[i];
        if (*pattern == '!') {
            if (hn_glob_matches(pattern + 1, id))
                return false;
            continue;
        }
        wanted = has_positive ? wanted : false;
        has_positive = true;
        wanted = wanted || hn_glob_matches(pattern, id);
    }
    return wanted;
}

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = words; *at; at += strcspn(at, " ,")) {
        at += strspn(at, " ,");
        if (strncmp(at, word, size) == 0 && strchr(" ,", at[size]))
            return true;
    }
    return false;
}

static bool matches_tags(const struct hn_selection *selection, const char *tags)
{
    bool wanted = true, has_positive = false;

    for (unsigned i = 0; i < selection->tag_count; i++) {
        const char *tag = selection->tags[i];
        if (*tag == '!') {
            if (has_word(tags, tag + 1))
                return false;
            continue;
        }
        wanted = has_positive ? wanted : false;
        has_positive = true;
        wanted = wanted || has_word(tags, tag);
    }
    return wanted;
}

static bool matches_exact(const struct hn_selection *selection, const char *id)
{
    for (unsigned i = 0; i < selection->exact_count; i++)
        if (strcmp(id, selection->exact[i]) == 0)
            return true;
    return !selection->exact_count;
}

static bool is_asked_for(const struct hn_plan *plan, const struct hn_test *test,
                         const struct hn_selection *selection)
{
    if (plan->binaries[test->binary].kind == HN_BINARY_BAD)
        return false; /* it listed its tests, but cannot run them as asked */
    if (!matches_exact(selection, strchr(test->id, '/') + 1))
        return false;
    return matches_patterns(selection, test->id) && matches_tags(selection, test->tags);
}

/* By what the last runs here left behind. */
static bool is_remembered(const struct hn_plan *plan, const struct hn_test *test,
                          const struct hn_selection *selection)
{
    if (selection->last_failed && !test->last_failed)
        return false;
    return !selection->changed || test->last_stamp != plan->binaries[test->binary].stamp;
}

/* xorshift64*: the same order for the same seed on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

static void shuffle(struct hn_plan *plan, uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

    for (uint32_t i = plan->order_count; i > 1; i--) {
        uint32_t other = (uint32_t)(next_random(&state) % i);
        uint32_t kept = plan->order[i - 1];
        plan->order[i - 1] = plan->order[other];
        plan->order[other] = kept;
    }
}

/* Stable: what failed last time moves to the front, the rest keeps its order. */
static void put_failed_first(struct hn_plan *plan)
{
    uint32_t *sorted = pf_mem_new(plan->order_count + 1, sizeof *sorted);
    uint32_t count = 0;

    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < plan->order_count; i++)
            if (plan->tests[plan->order[i]].last_failed == (pass == 0))
                sorted[count++] = plan->order[i];
    free(plan->order);
    plan->order = sorted;
}

static void keep_remembered(struct hn_plan *plan, const struct hn_selection *selection)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < plan->order_count; i++) {
        struct hn_test *test = &plan->tests[plan->order[i]];
        test->chosen = is_remembered(plan, test, selection);
        if (test->chosen)
            plan->order[kept++] = plan->order[i];
    }
    plan->order_count = kept;
}

uint32_t hn_select(struct hn_plan *plan, const struct hn_selection *selection)
{
    uint32_t fingerprint = 0;

    free(plan->order);
    plan->order = pf_mem_new(plan->test_count + 1, sizeof *plan->order);
    plan->order_count = 0;
    for (uint32_t i = 0; i < plan->test_count; i++) {
        plan->tests[i].chosen = false;
        if (is_asked_for(plan, &plan->tests[i], selection))
            plan->order[plan->order_count++] = i;
    }
    uint32_t asked = plan->order_count;
    if (selection->shard_count)
        fingerprint =
            hn_shard(plan, selection->shard, selection->shard_count, selection->is_balanced);
    plan->is_empty_shard = asked && !plan->order_count;
    keep_remembered(plan, selection);
    if (selection->shuffle)
        shuffle(plan, selection->seed);
    if (selection->failed_first)
        put_failed_first(plan);
    return fingerprint;
}
