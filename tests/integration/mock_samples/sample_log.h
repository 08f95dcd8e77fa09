/*
 * Code under test for the seams: variadic functions of the project's own, and who calls them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_LOG_H
#define MOCK_SAMPLES_SAMPLE_LOG_H

extern char log_last[256];
int log_put(int level, const char *format, ...);
double log_scale(double factor, const char *what, ...);

int log_user_report(int a, double b);
double log_user_scale(void);

#endif
