/*
 * Torture: how a runner makes call N of the named functions fail.
 *
 * The runner starts the test in a fresh process with these in its environment; the mock runtime
 * reads them when the test's body begins.
 *   ASSAY_TORTURE       names, separated by commas: "malloc,calloc,open". Only wrapped functions
 *                       of which it is known how they fail are counted; calls from the body only.
 *   ASSAY_TORTURE_NTH   which of these calls fails, from 1; 0 or unset: none, they are counted.
 *   ASSAY_TORTURE_OUT   a file that lines are appended to, each in one write:
 *                         failed N FUNCTION ERRNO CALLER    when the call fails, before it returns
 *                         unwrapped FUNCTION                of NAMES, in a counting run: no call of
 * it can be made to fail calls N                           at the end of the body, N in all The
 * failure is the first errno of the catalogue (malloc: ENOMEM). A body that does not end (a crash,
 * exit, a failed cr_assert) leaves no "calls" line.
 *
 * So: run once with NTH=0, read "calls M", then run with NTH=1..M. M may change from run to run;
 * a run without a "failed" line met fewer than N calls.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_TORTURE_HOOK_H
#define ASSAY_TORTURE_HOOK_H

#define ASSAY_TORTURE "ASSAY_TORTURE"
#define ASSAY_TORTURE_NTH "ASSAY_TORTURE_NTH"
#define ASSAY_TORTURE_OUT "ASSAY_TORTURE_OUT"

#endif
