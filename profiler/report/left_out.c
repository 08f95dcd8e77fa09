/* SPDX-License-Identifier: MIT */
#include "profiler/report/left_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "profiler/profile/profile.h"

static const char prefix[] = "left out: ";

enum { NOTE_BYTES = 256 };

void pf_left_out_note(struct pf_profile *profile, const char *fmt, ...)
{
    char text[NOTE_BYTES];
    va_list args;

    strcpy(text, prefix);
    va_start(args, fmt);
    (void)vsnprintf(text + sizeof prefix - 1, sizeof text - (sizeof prefix - 1), fmt, args);
    va_end(args);
    pf_profile_comment(profile, pf_profile_string(profile, text));
}

const char *pf_left_out_view(const struct pf_profile *profile)
{
    const uint32_t *comments = profile->comments.items;

    for (uint32_t i = 0; i < profile->comments.count; i++) {
        const char *text = pf_profile_text(profile, comments[i]);
        if (strncmp(text, prefix, sizeof prefix - 1) == 0)
            return text;
    }
    return NULL;
}
