/*
 * What the greeter says.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_INSTALLED_SAMPLE_GREETING_H
#define TESTS_INTEGRATION_INSTALLED_SAMPLE_GREETING_H

/* "hello, NAME", the name out of $GREET. Borrowed until the next call. */
const char *greeting(void);

#endif
