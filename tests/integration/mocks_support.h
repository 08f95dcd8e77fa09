/*
 * What the mock tests share: sample programs run, and small programs built around wrappers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_MOCKS_SUPPORT_H
#define TESTS_INTEGRATION_MOCKS_SUPPORT_H

#include "tests/support/command.h"

/* Where the sample programs and their sources are. */
#define MOCK_BIN ASSAY_BINARY_DIR "/tests/integration/mock_samples"
#define MOCK_SRC ASSAY_SOURCE_DIR "/tests/integration/mock_samples"

/* One way to build CODE.c (under test) with CODE_check.c (its check). */
struct mock_build {
    const char *compiler;  /* "gcc -O2" */
    const char *code;      /* file under test, without .c */
    const char *check;     /* program around it, without .c */
    const char *functions; /* "--function read --function open" */
};

/* Compile, wrap, link, run. The result is that of the first step that failed, or of the program. */
struct ts_result mock_build_run(const struct mock_build *build);

/* The generator alone on CODE.c compiled so. */
struct ts_result mock_wrap_only(const char *compiler, const char *code, const char *functions);

/* The head of a CMakeLists.txt that uses assay_wrap() from the built tree. */
#define MOCK_PROJECT                                                                               \
    "cmake_minimum_required(VERSION 3.25)\nproject(sample C)\n"                                    \
    "add_executable(assay-wrapgen IMPORTED GLOBAL)\n"                                              \
    "set_property(TARGET assay-wrapgen PROPERTY IMPORTED_LOCATION " ASSAY_BINARY_DIR               \
    "/bin/assay-wrapgen)\n"                                                                        \
    "add_library(assay_mocks STATIC IMPORTED GLOBAL)\n"                                            \
    "set_property(TARGET assay_mocks PROPERTY IMPORTED_LOCATION " ASSAY_BINARY_DIR                 \
    "/mocks/libassay-mocks.a)\n"                                                                   \
    "include(" ASSAY_SOURCE_DIR "/cmake/AssayWrap.cmake)\n"

struct mock_file {
    const char *name, *text;
};

/* A fresh directory with these files, "sub/x.c" in a directory of its own. A NULL name ends. */
const char *mock_project(const struct mock_file *files);

/* Configure with these options, build, run the test program t. */
struct ts_result mock_project_run(const char *dir, const char *options);

#endif
