/* SPDX-License-Identifier: MIT */
#include "profiler/profile/budget.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/paths.h"
#include "profiler/profile/value.h"

static bool say(struct pf_err *err, const char *text, const char *at, const char *expected)
{
    return pf_err_set(err, PF_ERR_USAGE,
                      "'%s': expected %s at column %zu (example: self(parse_*) > +5%%)", text,
                      expected, (size_t)(at - text) + 1);
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

static bool parse_metric(struct pf_budget *out, const char **at)
{
    if (strncmp(*at, "self", 4) == 0)
        *at += 4;
    else if (strncmp(*at, "total", 5) == 0)
        *at += 5;
    else
        return false;
    out->is_total = (*at)[-1] == 'l';
    return true;
}

/* Up to the ")" that closes the first "(": names of C++ hold pairs of their own. */
static bool parse_pattern(struct pf_budget *out, const char **at)
{
    const char *from = *at;
    size_t size = 0;

    for (int open = 1; from[size]; size++) {
        open += (from[size] == '(') - (from[size] == ')');
        if (open == 0)
            break;
    }
    if (from[size] != ')')
        return false;
    *at += size + 1;
    for (; size && (*from == ' ' || *from == '\t'); size--)
        from++;
    while (size && (from[size - 1] == ' ' || from[size - 1] == '\t'))
        size--;
    if (size == 0 || size >= sizeof out->pattern)
        return false;
    memcpy(out->pattern, from, size);
    out->pattern[size] = '\0';
    return true;
}

static bool parse_op(struct pf_budget *out, const char **at)
{
    bool is_more = **at == '>';

    if (!is_more && **at != '<')
        return false;
    ++*at;
    bool has_equal = **at == '=';
    *at += has_equal;
    if (is_more)
        out->op = has_equal ? PF_BUDGET_AT_LEAST : PF_BUDGET_MORE;
    else
        out->op = has_equal ? PF_BUDGET_AT_MOST : PF_BUDGET_LESS;
    return true;
}

static bool parse_limit(struct pf_budget *out, const char **at)
{
    bool has_sign = **at == '+' || **at == '-';
    char *end = NULL;

    if (!has_sign && (**at < '0' || **at > '9') && **at != '.')
        return false;
    out->limit = strtod(*at, &end);
    if (end == *at || !isfinite(out->limit) || (*end != '%' && *end != 'x')
        || (*end == 'x' && has_sign))
        return false;
    out->limit_kind = *end == 'x' ? PF_BUDGET_RATIO : has_sign ? PF_BUDGET_CHANGE : PF_BUDGET_SHARE;
    *at = end + 1;
    return true;
}

bool pf_budget_parse(struct pf_budget *out, const char *text, struct pf_err *err)
{
    struct pf_budget budget = {0};
    const char *at = skip_space(text);

    if (!parse_metric(&budget, &at))
        return say(err, text, at, "'self' or 'total'");
    at = skip_space(at);
    if (*at != '(')
        return say(err, text, at, "'('");
    at++;
    if (!parse_pattern(&budget, &at))
        return say(err, text, at, "a function's name and ')'");
    at = skip_space(at);
    if (!parse_op(&budget, &at))
        return say(err, text, at, "one of > >= < <=");
    at = skip_space(at);
    if (!parse_limit(&budget, &at))
        return say(err, text, at, "a limit like +5%, 20% or 1.2x");
    at = skip_space(at);
    if (*at)
        return say(err, text, at, "the end");
    *out = budget;
    return true;
}

/* The part of both profiles in paths whose leaf (self) or any frame (total) matches. */
static void sum_matches(const struct pf_paths *paths, const bool *matches, bool is_total,
                        int64_t *base, int64_t *now)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        const struct pf_path *path = &paths->at[i];
        bool is_hit = false;
        for (uint32_t j = is_total      ? 0
                          : path->count ? path->count - 1
                                        : 0;
             j < path->count && !is_hit; j++)
            is_hit = matches[paths->ids[path->at + j]];
        if (!is_hit)
            continue;
        *base = pf_value_add(*base, path->base);
        *now = pf_value_add(*now, path->value);
    }
}

static bool is_beyond(const struct pf_budget *budget, double value)
{
    switch (budget->op) {
    case PF_BUDGET_MORE:
        return value > budget->limit;
    case PF_BUDGET_AT_LEAST:
        return value >= budget->limit;
    case PF_BUDGET_LESS:
        return value < budget->limit;
    case PF_BUDGET_AT_MOST:
        return value <= budget->limit;
    }
    return false;
}

static bool holds(const struct pf_budget *budget, const struct pf_change *change)
{
    switch (budget->limit_kind) {
    case PF_BUDGET_CHANGE:
        return !change->is_noise && is_beyond(budget, change->now - change->base);
    case PF_BUDGET_SHARE:
        return is_beyond(budget, change->now);
    case PF_BUDGET_RATIO:
        /* From nothing to something is more than any ratio. */
        return !change->is_noise
               && is_beyond(budget, change->base > 0 ? change->now / change->base : INFINITY);
    }
    return false;
}

static struct pf_change change_of(const struct pf_paths *paths, const bool *matches, bool is_total,
                                  struct pf_sample_counts samples)
{
    int64_t base = 0, now = 0;

    sum_matches(paths, matches, is_total, &base, &now);
    return pf_change_of(pf_value_percent(base, paths->base_total) / 100,
                        pf_value_percent(now, paths->total) / 100, samples);
}

struct pf_budget_result pf_budget_check(const struct pf_budget *budget,
                                        const struct pf_paths *paths,
                                        struct pf_sample_counts samples)
{
    struct pf_budget_result result = {0};
    bool *matches = pf_mem_new(paths->frames.count, sizeof *matches);

    for (uint32_t i = 0; i < paths->frames.count; i++) {
        matches[i] = fnmatch(budget->pattern, paths->frames.at[i].name, 0) == 0;
        result.functions += matches[i];
    }
    struct pf_change total = change_of(paths, matches, true, samples);
    result.change = budget->is_total ? total : change_of(paths, matches, false, samples);
    free(matches);
    result.holds = result.functions > 0 && holds(budget, &result.change);
    result.is_gone = total.base > 0 && total.now <= 0 && !total.is_noise;
    return result;
}
