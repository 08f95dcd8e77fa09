/* SPDX-License-Identifier: MIT */
#include "profiler/base/xml.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"

static bool is_character(uint32_t code)
{
    return code == '\t' || code == '\n'
           || (code >= 0x20 && code != 0x7f && code != 0xfffe && code != 0xffff);
}

/* A carriage return that stands as it is would be read as a newline (2.11). */
static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* An attribute's newlines and tabs would be read as spaces (3.3.3). */
static const char *space_entity(char c)
{
    return c == '\n' ? "&#10;" : c == '\t' ? "&#9;" : NULL;
}

static void put(struct pf_sink *sink, const char *text, bool is_attribute)
{
    size_t size = text ? strlen(text) : 0;

    for (size_t at = 0; at < size;) {
        unsigned length = pf_utf8_length(text + at, size - at);
        const char *named = entity(text[at]);
        if (!named && is_attribute)
            named = space_entity(text[at]);
        if (named)
            pf_sink_put_str(sink, named);
        else if (length && is_character(pf_utf8_decode(text + at, length)))
            pf_sink_put(sink, text + at, length);
        else
            pf_sink_put_str(sink, "\xef\xbf\xbd");
        at += length ? length : 1;
    }
}

void pf_xml_text(struct pf_sink *sink, const char *text)
{
    put(sink, text, false);
}

void pf_xml_attribute(struct pf_sink *sink, const char *name, const char *value)
{
    pf_sink_put_str(sink, " ");
    pf_sink_put_str(sink, name);
    pf_sink_put_str(sink, "=\"");
    put(sink, value, true);
    pf_sink_put_str(sink, "\"");
}
