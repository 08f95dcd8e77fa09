/*
 * Run assay leaks and look at its JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_LEAKS_SUPPORT_H
#define TESTS_INTEGRATION_LEAKS_SUPPORT_H

#include <jansson.h>
#include <stdint.h>

struct leaks_found {
    int status;     /* of assay leaks */
    json_t *report; /* NULL: none was written */
};

/* "assay leaks --quiet OPTIONS -o FILE.json -- COMMAND"; fails the test if no report is written. */
struct leaks_found leaks_of(const char *options, const char *command);
void leaks_found_fini(struct leaks_found *found);

/* kinds.KIND.bytes, kinds.KIND.blocks */
uint64_t leaks_bytes(const struct leaks_found *found, const char *kind);
uint64_t leaks_blocks(const struct leaks_found *found, const char *kind);

/* The first record's frame of this function, NULL if there is none; borrowed. */
json_t *leaks_frame(const struct leaks_found *found, const char *function);

#endif
