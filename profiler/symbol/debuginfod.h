/*
 * Debug files from a debuginfod server, by build id.
 *
 * Asked only when DEBUGINFOD_URLS is set. The only place that speaks libdebuginfod, which is loaded
 * when first asked for: most machines have no server and need none of its TLS and HTTP code.
 * Files are kept in its own cache (DEBUGINFOD_CACHE_PATH, ~/.cache/debuginfod_client).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SYMBOL_DEBUGINFOD_H
#define PROFILER_SYMBOL_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/err.h"

/* Is there a server to ask? */
bool pf_debuginfod_is_set(void);

/*
 * The path of the cached debug file. Waits at most PF_DEBUGINFOD_SECONDS for an answer that does
 * not come and for a download that stalls; DEBUGINFOD_TIMEOUT may shorten that.
 */
enum { PF_DEBUGINFOD_SECONDS = 20 };
ASSAY_CHECKED
bool pf_debuginfod_find(char *path, size_t size, const char *build_id, struct pf_err *err);

#endif
