/*
 * Who still runs, for tests that must leave nothing behind.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_SERVER_SUPPORT_H
#define TESTS_INTEGRATION_SERVER_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Living processes (no zombies) with marker among their arguments, or in their supervisor's. */
size_t sv_count(const char *marker);

/* Wait until none is left. False if some are after timeout_ms. */
bool sv_all_gone(const char *marker, unsigned timeout_ms);

/* A word nobody else has on a command line: name, our pid. Static storage per call site's name. */
const char *sv_marker(const char *name);

#endif
