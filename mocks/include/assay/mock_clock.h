/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_MOCK_CLOCK_H
#define ASSAY_MOCK_CLOCK_H
#define MK_CLOCKED(name, real) real
#endif
