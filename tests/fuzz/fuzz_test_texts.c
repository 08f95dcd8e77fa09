/*
 * What tests write as text: relaxed JSON, jq programs' left sides, placeholders.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/http/jq_filter.h"
#include "harness/http/relaxed_json.h"
#include "harness/server/placeholder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hn_placeholder list[] = {{"port", "1"}, {"tmp", NULL}, {NULL, NULL}};
    char *text = malloc(size + 1);
    struct pf_buf out = {0};
    struct pf_err err = {0};

    memcpy(text, data, size);
    text[size] = '\0';
    (void)!hn_relaxed_json(&out, text, &err);
    (void)!hn_placeholder_expand(&out, text, list, &err);
    free(hn_jq_left_side(text));
    pf_buf_fini(&out);
    free(text);
    return 0;
}
