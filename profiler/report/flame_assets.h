/*
 * The parts of a flamegraph's document that are files of their own beside this one: made into bytes
 * of the program by assets.cmake.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_REPORT_FLAME_ASSETS_H
#define PROFILER_REPORT_FLAME_ASSETS_H

#include <stddef.h>

struct pf_asset {
    const unsigned char *at;
    size_t size;
};

extern const struct pf_asset pf_flame_css, pf_flame_tree_js, pf_flame_draw_js, pf_flame_ui_js,
    pf_flame_input_js, pf_page_css;

#endif
