/*
 * Everything a test includes: Criterion, servers under test, the HTTP client, the runner's extras.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_TEST_H
#define ASSAY_TEST_H

#include <assay/http.h>
#include <assay/runner.h>
#include <assay/server.h>
#include <criterion/criterion.h>

#endif
