/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_report.h"

#include <stdlib.h>

#include "profiler/base/sink.h"
#include "profiler/profile/profile.h"
#include "profiler/report/report.h"

static bool to_nowhere(void *to, struct pf_bytes bytes, bool last, struct pf_err *err)
{
    (void)to;
    (void)bytes;
    (void)last;
    (void)err;
    return true;
}

static void write_as(const struct pf_profile *profile, const char *format)
{
    struct pf_report_options options = {.tree = true, .per_process = true};
    struct pf_err err = {0};
    struct pf_sink sink;

    pf_sink_init(&sink, to_nowhere, NULL);
    if (!pf_report_format_named(format)->write(profile, &options, &sink, &err)
        || !pf_sink_finish(&sink, &err))
        abort(); /* what was read can be written */
    pf_sink_fini(&sink);
}

void fuzz_reader(fuzz_read read, const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"pprof", "folded", "text", "svg", "json", "gperftools"};
    struct pf_profile profile;
    struct pf_err err = {0};

    pf_profile_init(&profile);
    if (read(&profile, (struct pf_bytes){data, size}, &err))
        for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
            write_as(&profile, formats[i]);
    else if (err.code == PF_ERR_NONE || err.text[0] == '\0')
        abort(); /* a refusal says why */
    pf_profile_fini(&profile);
}
