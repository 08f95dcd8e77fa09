/*
 * The colours of a flamegraph.
 *
 * Warm for the program's own code, the cooler the farther from it: libraries olive, libc teal, the
 * kernel blue. The shade depends on the source file or object first, then on the name, so that what
 * belongs together looks alike, in every picture. Names never decide a kind: the object does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/profile/frames.h"
#include "profiler/report/flame_priv.h"

enum { SHADES = 8, CHANGES = 8 };

/* Hue from first to last over the shades; saturation, lightness of even and odd ones. */
struct band {
    double hue_first, hue_last, saturation, light_even, light_odd, dark_even, dark_odd;
};

static const struct band bands[PF_FRAME_KINDS] = {
    [PF_FRAME_OWN] = {8, 44, 88, 68, 74, 38, 43},
    [PF_FRAME_LIBRARY] = {56, 104, 48, 66, 72, 32, 37},
    [PF_FRAME_LIBC] = {164, 184, 40, 64, 70, 29, 34},
    [PF_FRAME_KERNEL] = {208, 230, 56, 72, 78, 38, 44},
    [PF_FRAME_JIT] = {286, 316, 48, 76, 81, 40, 45},
    [PF_FRAME_UNKNOWN] = {40, 40, 6, 74, 79, 33, 38},
    [PF_FRAME_GROUP] = {36, 36, 14, 82, 85, 25, 28},
};

static double channel(double n, double hue, double saturation, double light)
{
    double k = fmod(n + hue / 30, 12);
    double a = saturation * fmin(light, 1 - light);

    return light - a * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
}

/* HSL as #rrggbb (CSS Color 4, 7). */
static void put_color(struct pf_sink *sink, double hue, double saturation, double light)
{
    double s = saturation / 100, l = light / 100;

    pf_sink_printf(sink, "#%02x%02x%02x", (unsigned)lround(255 * channel(0, hue, s, l)),
                   (unsigned)lround(255 * channel(8, hue, s, l)),
                   (unsigned)lround(255 * channel(4, hue, s, l)));
}

static void put_scheme(struct pf_sink *sink, bool is_dark)
{
    for (unsigned kind = 0; kind < PF_FRAME_KINDS; kind++)
        for (unsigned shade = 0; shade < SHADES; shade++) {
            const struct band *band = &bands[kind];
            unsigned pair = shade / 2, last_pair = SHADES / 2 - 1;
            double step = (double)pair / last_pair;
            double light = shade % 2 ? band->light_odd : band->light_even;
            if (is_dark)
                light = shade % 2 ? band->dark_odd : band->dark_even;
            pf_sink_printf(sink, ".k%u%u{fill:", kind, shade);
            put_color(sink, band->hue_first + step * (band->hue_last - band->hue_first),
                      is_dark ? band->saturation * 0.7 : band->saturation, light);
            pf_sink_put(sink, "}", 1);
        }
}

/* Red grew, blue shrank, the paler the less; d0 is neutral. */
static void put_changes(struct pf_sink *sink, bool is_dark)
{
    for (int change = -CHANGES; change <= CHANGES; change++) {
        double strength = fabs((double)change) / CHANGES;
        double light = is_dark ? 30 + 14 * strength : 88 - 28 * strength;
        pf_sink_printf(sink, ".d%s%d{fill:", change < 0 ? "m" : "", change < 0 ? -change : change);
        put_color(sink, change < 0 ? 214 : 8, change == 0 ? 6 : 40 + 44 * strength, light);
        pf_sink_put(sink, "}", 1);
    }
}

void pf_flame_style(struct pf_sink *sink)
{
    put_scheme(sink, false);
    put_changes(sink, false);
    pf_sink_put_str(sink, "@media(prefers-color-scheme:dark){");
    put_scheme(sink, true);
    put_changes(sink, true);
    pf_sink_put_str(sink, "}");
}

void pf_flame_class(char out[8], const struct pf_frame *frame)
{
    const char *group = frame->kind == PF_FRAME_OWN ? frame->file : frame->object;
    uint64_t by_group = 0, by_name = pf_hash_bytes(frame->name, strlen(frame->name));

    by_group = group[0] ? pf_hash_bytes(group, strlen(group)) : by_name >> 1;
    (void)snprintf(out, 8, "k%u%u", (unsigned)frame->kind,
                   (unsigned)(by_group % (SHADES / 2) * 2 + by_name % 2));
}

int pf_flame_change(const struct pf_flame *flame, const struct pf_flame_node *node)
{
    const struct pf_flame_node *root = &flame->tree->at[0];
    double now = root->total ? (double)node->total / (double)root->total : 0;
    double before = root->base_total ? (double)node->base_total / (double)root->base_total : 0;

    if (now + before <= 0)
        return 0;
    /* The square root gives small changes a colour one can see. */
    double change = (now - before) / (now + before);
    return (int)lround(copysign(sqrt(fabs(change)), change) * CHANGES);
}
