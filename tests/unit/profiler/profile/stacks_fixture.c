/* SPDX-License-Identifier: MIT */
#include "tests/unit/profiler/profile/stacks_fixture.h"

#include <string.h>

#include "profiler/profile/profile.h"

enum { FIXTURE_DEPTH = 64 };

static uint32_t enter_frame(struct pf_profile *profile, const char *text, size_t size)
{
    const char *at = memchr(text, '@', size);
    size_t name = at ? (size_t)(at - text) : size;
    struct pf_function function = {.name = pf_profile_string_n(profile, text, name)};
    struct pf_line line = {pf_profile_function(profile, &function), 0};
    struct pf_location location = {.mapping = PF_NONE, .line_count = 1};

    if (at) {
        struct pf_mapping mapping = {.file = pf_profile_string_n(profile, at + 1, size - name - 1)};
        location.mapping = pf_profile_mapping(profile, &mapping);
    }
    return pf_profile_location_with_lines(profile, &location, &line);
}

static uint32_t enter_stack(struct pf_profile *profile, const char *stack)
{
    uint32_t frames[FIXTURE_DEPTH];
    uint32_t at = FIXTURE_DEPTH;

    while (*stack) {
        size_t size = strcspn(stack, ";");
        frames[--at] = enter_frame(profile, stack, size);
        stack += size + (stack[size] == ';');
    }
    return pf_profile_stack(profile, frames + at, FIXTURE_DEPTH - at);
}

void ts_add_stack(struct pf_profile *profile, const char *stack, int64_t value)
{
    (void)pf_profile_add(profile, enter_stack(profile, stack), PF_NONE, &value);
}

void ts_add_labelled(struct pf_profile *profile, const char *stack, const char *process,
                     int64_t tid, int64_t value)
{
    struct pf_label labels[] = {
        {.key = pf_profile_string(profile, "process"), .str = pf_profile_string(profile, process)},
        {.key = pf_profile_string(profile, "tid"), .num = tid},
    };

    (void)pf_profile_add(profile, enter_stack(profile, stack),
                         pf_profile_label_set(profile, labels, 2), &value);
}
