/*
 * Everything a test includes: Criterion, servers under test, the HTTP client.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_TEST_H
#define ASSAY_TEST_H

#include <assay/http.h>
#include <assay/server.h>
#include <criterion/criterion.h>

#endif
