/*
 * What AddressSanitizer, LeakSanitizer, UBSan and ThreadSanitizer print, recognised.
 *
 * Their exit statuses cannot be trusted to arrive (a handler may have replaced them), their words
 * can. Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SANITIZER_TEXT_H
#define HARNESS_RUNNER_SANITIZER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Views into the text that was searched. */
struct hn_tool_finding {
    bool is_leak;
    const char *headline;
    size_t headline_size;
    uint64_t bytes; /* leaked, where the report says */
};

/* False if there is none; output may be NULL. */
bool hn_tool_finding_in(const char *output, bool has_ubsan, struct hn_tool_finding *out);

#endif
