/* SPDX-License-Identifier: MIT */
#include "harness/cli/test_words.h"

#include <string.h>

#include "profiler/base/buf.h"

void hn_test_split_shuffle(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strncmp(argv[i], "--shuffle=", 10) == 0) {
            /* "--seed=" is shorter, so the text is moved within its own room. */
            memmove(argv[i] + 7, argv[i] + 10, strlen(argv[i] + 10) + 1);
            memcpy(argv[i], "--seed=", 7);
        }
}

char *hn_test_join(int argc, char **argv)
{
    struct pf_buf line = {.max = 1 << 16};

    pf_buf_put_str(&line, "assay test");
    for (int i = 0; i < argc; i++)
        pf_buf_printf(&line, " %s", argv[i]);
    (void)pf_buf_cstr(&line);
    return (char *)line.at;
}
