/*
 * UTF-8, as RFC 3629 allows it: shortest form, no surrogates, at most U+10FFFF.
 *
 * Names come from other people's binaries, files and tests; every format we write wants valid text.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_UTF8_H
#define PROFILER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at text, 0 if there is none; size > 0. */
unsigned pf_utf8_length(const char *text, size_t size);

/* The code point of a character whose length pf_utf8_length gave. */
uint32_t pf_utf8_decode(const char *text, unsigned length);

bool pf_utf8_is_valid(const char *text, size_t size);

/*
 * A valid copy in out (NUL-terminated, cut at a character's edge if it does not fit): each byte
 * that is no part of a character becomes U+FFFD, each control character but tab a space.
 */
void pf_utf8_clean(char *out, size_t out_size, const char *text, size_t size);

#endif
