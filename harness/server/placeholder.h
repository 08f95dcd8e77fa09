/*
 * "{port}" and its like in a server's arguments, environment and files.
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_SERVER_PLACEHOLDER_H
#define HARNESS_SERVER_PLACEHOLDER_H

#include <stdbool.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"

struct hn_placeholder {
    const char *name; /* without braces; NULL ends the list */
    const char *value;
};

/*
 * Append text to out with every {name} of the list replaced. "{{" is "{"; braces that hold
 * anything but lower-case letters stay as they are (configuration files are full of them). A word
 * in braces that is no name of the list and has no value is an error, for it would be a typing
 * mistake nobody sees.
 */
ASSAY_CHECKED
bool hn_placeholder_expand(struct pf_buf *out, const char *text, const struct hn_placeholder *list,
                           struct pf_err *err);

#endif
