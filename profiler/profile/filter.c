/* SPDX-License-Identifier: MIT */
#include "profiler/profile/filter.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/profile/frames.h"
#include "profiler/profile/profile.h"

static bool compile(regex_t *out, const char *pattern, const char *option, struct pf_err *err)
{
    char why[128];
    int status = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);

    if (status == 0)
        return true;
    (void)regerror(status, out, why, sizeof why);
    return pf_err_set(err, PF_ERR_USAGE, "%s '%s': %s", option, pattern, why);
}

/* Which locations hold a function that matches. */
static bool *match_locations(const struct pf_frames *frames, const regex_t *regex)
{
    bool *matches = pf_mem_new(frames->count, sizeof *matches);
    bool *of_location = pf_mem_new(frames->location_count, sizeof *of_location);

    for (uint32_t i = 0; i < frames->count; i++)
        matches[i] = regexec(regex, frames->at[i].name, 0, NULL, 0) == 0;
    for (uint32_t i = 0; i < frames->location_count; i++) {
        uint32_t count = 0;
        const uint32_t *ids = pf_frames_view(frames, i, &count);
        for (uint32_t j = 0; j < count; j++)
            of_location[i] |= matches[ids[j]];
    }
    free(matches);
    return of_location;
}

static bool has_match(const struct pf_profile *profile, const bool *of_location, uint32_t sample)
{
    uint32_t count = 0;
    const uint32_t *stack =
        pf_profile_stack_view(profile, pf_profile_sample_at(profile, sample)->stack, &count);

    for (uint32_t i = 0; i < count; i++)
        if (of_location[stack[i]])
            return true;
    return false;
}

/* Keep samples whose stacks match, or do not. The index over samples is rebuilt by nobody: a
 * filtered profile is only read from. */
static void keep(struct pf_profile *profile, const bool *of_location, bool wanted)
{
    struct pf_sample *samples = profile->samples.items;
    size_t row = profile->value_count;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++) {
        if (has_match(profile, of_location, i) != wanted)
            continue;
        samples[kept] = samples[i];
        memmove(profile->values + kept * row, profile->values + i * row,
                row * sizeof *profile->values);
        kept++;
    }
    profile->samples.count = kept;
    pf_hash_fini(&profile->samples.index);
}

static bool apply(struct pf_profile *profile, const struct pf_frames *frames, const char *pattern,
                  bool is_focus, struct pf_err *err)
{
    regex_t regex;

    if (!pattern)
        return true;
    if (!compile(&regex, pattern, is_focus ? "--focus" : "--ignore", err))
        return false;
    bool *of_location = match_locations(frames, &regex);
    keep(profile, of_location, is_focus);
    free(of_location);
    regfree(&regex);
    return true;
}

bool pf_profile_filter(struct pf_profile *profile, const char *focus, const char *ignore,
                       struct pf_err *err)
{
    struct pf_frames frames;

    if (!focus && !ignore)
        return true;
    pf_frames_init(&frames, profile);
    bool ok =
        apply(profile, &frames, focus, true, err) && apply(profile, &frames, ignore, false, err);
    pf_frames_fini(&frames);
    return ok;
}
