/* SPDX-License-Identifier: MIT */
#include "profiler/base/xml.h"

#include <criterion/criterion.h>

#include "profiler/base/sink.h"

static void expect_text(const char *text, const char *expected)
{
    struct pf_buf buf = {0};
    struct pf_sink sink;
    struct pf_err err = {0};

    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    pf_xml_text(&sink, text);
    cr_assert(pf_sink_finish(&sink, &err));
    cr_expect_str_eq(pf_buf_cstr(&buf), expected);
    pf_sink_fini(&sink);
    pf_buf_fini(&buf);
}

Test(xml, markup_is_escaped)
{
    expect_text("a<b>&\"c'\r]]>", "a&lt;b&gt;&amp;&quot;c&#39;&#13;]]&gt;");
    expect_text(NULL, "");
}

Test(xml, forbidden_and_broken_bytes_become_one_mark_each)
{
    expect_text("\x01\x1b[0m", "\xEF\xBF\xBD\xEF\xBF\xBD[0m");
    expect_text("\xff", "\xEF\xBF\xBD");
    expect_text("\xC3", "\xEF\xBF\xBD");                                 /* cut short */
    expect_text("\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD");                 /* overlong */
    expect_text("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* surrogate */
    expect_text("\xEF\xBF\xBF", "\xEF\xBF\xBD");                         /* U+FFFF, one character */
}

Test(xml, utf8_stays_as_it_is)
{
    expect_text("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
                "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
}

Test(xml, newlines_of_attributes_survive_normalisation)
{
    struct pf_buf buf = {0};
    struct pf_sink sink;
    struct pf_err err = {0};

    pf_sink_init(&sink, pf_sink_to_buf, &buf);
    pf_xml_attribute(&sink, "message", "a\nb\tc\"");
    cr_assert(pf_sink_finish(&sink, &err));
    cr_expect_str_eq(pf_buf_cstr(&buf), " message=\"a&#10;b&#9;c&quot;\"");
    pf_sink_fini(&sink);
    pf_buf_fini(&buf);
}
