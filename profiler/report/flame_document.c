/*
 * The SVG document around a flamegraph: style, drawn graph, data, program.
 *
 * Nothing is fetched from anywhere: the file is complete, and its program reaches no network.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "profiler/base/sink.h"
#include "profiler/base/xml.h"
#include "profiler/report/flame_assets.h"
#include "profiler/report/flame_priv.h"

static void put_asset(struct pf_sink *sink, const struct pf_asset *asset)
{
    pf_sink_put(sink, asset->at, asset->size);
}

static void put_head(const struct pf_flame *flame, struct pf_sink *sink)
{
    int y = 27;

    pf_sink_printf(sink, "<text class=\"f-head f-title\" x=\"12\" y=\"%d\">", y);
    pf_xml_text(sink, flame->title);
    pf_sink_printf(sink, "</text>\n<text class=\"f-head f-sub\" x=\"12\" y=\"%d\">", y += 19);
    pf_xml_text(sink, flame->subtitle);
    pf_sink_put_str(sink, "</text>\n");
    for (unsigned i = 0; i < flame->warning_count && i < 2; i++) {
        pf_sink_printf(sink, "<text class=\"f-head f-warn\" x=\"12\" y=\"%d\">\xe2\x9a\xa0 ",
                       y += 17);
        pf_xml_text(sink, flame->warnings[i]);
        pf_sink_put_str(sink, "</text>\n");
    }
}

static void put_style(struct pf_sink *sink)
{
    pf_sink_put_str(sink, "<style><![CDATA[\n");
    put_asset(sink, &pf_flame_css);
    pf_flame_style(sink);
    /* After the palette: a match is a match in any colour. */
    pf_sink_put_str(sink, "\n]]></style>\n");
}

static void put_program(const struct pf_flame *flame, struct pf_sink *sink)
{
    pf_sink_put_str(sink, "<script type=\"application/json\" class=\"f-data\">");
    pf_flame_data(flame, sink);
    pf_sink_put_str(sink, "</script>\n<script><![CDATA[\n(function () {\n'use strict';\n");
    put_asset(sink, &pf_flame_tree_js);
    put_asset(sink, &pf_flame_draw_js);
    put_asset(sink, &pf_flame_ui_js);
    put_asset(sink, &pf_flame_input_js);
    pf_sink_put_str(sink, "})();\n]]></script>\n");
}

void pf_flame_document(const struct pf_flame *flame, bool with_header, struct pf_sink *sink)
{
    uint32_t rows = pf_flame_static_rows(flame);
    uint32_t height = PF_FLAME_HEAD + rows * PF_FLAME_ROW + PF_FLAME_FOOT;

    if (with_header)
        pf_sink_put_str(sink, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    pf_sink_printf(
        sink,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"assay-flame\" width=\"%d\" "
        "height=\"%u\" viewBox=\"0 0 %d %u\" preserveAspectRatio=\"xMidYMin meet\">\n<title>",
        PF_FLAME_WIDTH, height, PF_FLAME_WIDTH, height);
    pf_xml_text(sink, flame->title);
    pf_sink_put_str(sink, "</title>\n");
    put_style(sink);
    put_head(flame, sink);
    pf_flame_static(flame, sink);
    put_program(flame, sink);
    pf_sink_put_str(sink, "</svg>\n");
}
