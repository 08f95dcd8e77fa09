/*
 * Names made safe for JSON, also inside a page. They come from binaries and files of other people.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/report/flame_priv.h"

static const char replacement[] = "\xef\xbf\xbd";

/* What must not stand in JSON as it is, or would end a script element or a CDATA section. */
static bool wants_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || code == '<' || code == '>' || code == '&'
           || code == 0x7f || code == 0x2028 || code == 0x2029 || code >= 0xfffe;
}

void pf_json_string(struct pf_sink *sink, const char *text)
{
    size_t size = strlen(text);

    pf_sink_put(sink, "\"", 1);
    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        uint32_t code = length ? pf_utf8_decode(text + at, length) : 0;
        if (length == 0)
            pf_sink_put_str(sink, replacement);
        else if (code <= 0xffff && wants_escape(code))
            pf_sink_printf(sink, "\\u%04x", code);
        else
            pf_sink_put(sink, text + at, length);
        at += length ? length : 1;
    }
    pf_sink_put(sink, "\"", 1);
}
