/* Uses Criterion, has no test. SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

void *keep_library(void);

void *keep_library(void)
{
    return (void *)criterion_initialize;
}
