/* A snapshot's content and redactions, and the difference of two. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/runner/snapshots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size + 2);
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *second = text + strlen(text) + 1;
    if (second > text + size)
        second = "";

    /* Expressions are the system's to compile; only pointers are ours to get wrong. */
    const char *redactions[2] = {*second == '/' ? second : NULL, NULL};
    const char *problem = NULL;
    struct pf_buf out = {0}, diff = {0};
    (void)hn_snapshot_canonical(&out, text, redactions, &problem);
    hn_snapshot_diff(&diff, text, second);
    pf_buf_fini(&out);
    pf_buf_fini(&diff);
    free(text);
    return 0;
}
