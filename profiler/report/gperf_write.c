/*
 * A profile in gperftools' CPU format: what Debian's google-pprof reads. Layout: gperf_read.c.
 *
 * The symbolised form, so that names are ours wherever it is opened; a frame without an address
 * gets one nobody has. Inlined functions are folded into the one they are in, as the format has one
 * name an address.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/frames.h"
#include "profiler/profile/profile.h"
#include "profiler/profile/summary.h"
#include "profiler/profile/value.h"
#include "profiler/report/maps_text.h"
#include "profiler/report/writers_priv.h"

enum { GPERF_NAME_BYTES = 1024, GPERF_DEFAULT_PERIOD_US = 10000 };

/* Far above what a process of x86-64 or aarch64 can map. */
static const uint64_t made_up_address = 0x6000000000000000;

static void put_slot(struct pf_sink *sink, uint64_t slot)
{
    pf_sink_put(sink, &slot, sizeof slot);
}

/* What google-pprof is to look up: it subtracts one from every caller's address itself, so names
 * are entered under the address that is left. */
static uint64_t address_of(const struct pf_profile *profile, uint32_t location)
{
    uint64_t address = pf_profile_location_at(profile, location)->address;

    return address ? address : made_up_address + 16 * (uint64_t)location;
}

static void put_symbol(struct pf_sink *sink, uint64_t address, const char *text)
{
    char name[GPERF_NAME_BYTES];

    pf_utf8_clean(name, sizeof name, text, strlen(text));
    pf_sink_printf(sink, "0x%016" PRIx64 " ", address);
    pf_sink_put_str(sink, name);
    pf_sink_put(sink, "\n", 1);
}

/* google-pprof drops kernel frames, and then looks up the first caller by its return address. */
static void put_symbols(const struct pf_profile *profile, struct pf_sink *sink)
{
    struct pf_frames frames;

    pf_frames_init(&frames, profile);
    pf_sink_put_str(sink, "--- symbol\nbinary=assay\n");
    for (uint64_t after = 0; after <= 1; after++)
        for (uint32_t i = 0; i < profile->locations.count; i++) {
            uint32_t count = 0;
            const uint32_t *ids = pf_frames_view(&frames, i, &count);
            put_symbol(sink, address_of(profile, i) + after, frames.at[ids[count - 1]].name);
        }
    pf_sink_put_str(sink, "---\n--- profile\n");
    pf_frames_fini(&frames);
}

/* The column of counts: samples if there is one, else the default over its period. */
static uint32_t count_column(const struct pf_profile *profile)
{
    for (uint32_t i = 0; i < profile->value_count; i++)
        if (strcmp(pf_profile_text(profile, profile->value_types[i].unit), "count") == 0)
            return i;
    return profile->default_value;
}

static uint64_t period_us(const struct pf_profile *profile)
{
    const char *unit = pf_profile_text(profile, profile->period_type.unit);

    if (profile->period >= 1000 && strcmp(unit, "nanoseconds") == 0)
        return (uint64_t)profile->period / 1000;
    return GPERF_DEFAULT_PERIOD_US;
}

/* The column's value as a number of samples. */
static int64_t count_of(const struct pf_profile *profile, uint32_t column, uint32_t sample)
{
    int64_t value = pf_profile_values_view(profile, sample)[column];
    const char *unit = pf_profile_text(profile, profile->value_types[column].unit);

    if (strcmp(unit, "nanoseconds") == 0)
        return value / (int64_t)(period_us(profile) * 1000);
    return value;
}

static void put_sample(const struct pf_profile *profile, uint32_t index, int64_t value,
                       struct pf_sink *sink)
{
    uint32_t count = 0;
    const uint32_t *stack =
        pf_profile_stack_view(profile, pf_profile_sample_at(profile, index)->stack, &count);

    if (count == 0 || value <= 0)
        return;
    put_slot(sink, (uint64_t)value);
    put_slot(sink, count);
    for (uint32_t i = 0; i < count; i++)
        put_slot(sink, address_of(profile, stack[i]) + (i > 0));
}

bool pf_gperf_write(const struct pf_profile *profile, const struct pf_report_options *options,
                    struct pf_sink *sink, struct pf_err *err)
{
    uint32_t column = 0;

    if (profile->value_count == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "the profile has no values");
    (void)options;
    column = count_column(profile);
    put_symbols(profile, sink);
    put_slot(sink, 0);
    put_slot(sink, 3);
    put_slot(sink, 0);
    put_slot(sink, period_us(profile));
    put_slot(sink, 0);
    for (uint32_t i = 0; i < profile->samples.count; i++)
        put_sample(profile, i, count_of(profile, column, i), sink);
    put_slot(sink, 0);
    put_slot(sink, 1);
    put_slot(sink, 0);
    pf_maps_text_write(profile, sink);
    return true;
}
