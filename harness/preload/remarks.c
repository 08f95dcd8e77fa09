/*
 * What is to be known of a binary before its tests run: what will not be in them as it is here, and
 * what in them cannot be trusted.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>

#include "harness/preload/preload.h"

/* But for a sanitizer's own. */
static bool has_threads(void)
{
    unsigned count = 0;
    DIR *dir = dlsym(RTLD_DEFAULT, "__tsan_init") ? NULL : opendir("/proc/self/task");

    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        (void)closedir(dir);
    return count > 1;
}

/* A test's process is a fork of this one, in which one thread lives on. */
static void remark_threads(void)
{
    if (hn_preload.mode == HN_MODE_FORK && has_threads())
        hn_control_send_text(
            HN_WIRE_REMARK,
            "threads started before its tests, by a constructor or main(), do not run in "
            "them: start them in a fixture, or use --engine criterion");
}

static bool has_c_tests(void)
{
    for (uint32_t i = 0; i < hn_preload.item_count; i++)
        if (hn_preload.items[i].test->data->lang_ == CR_LANG_C)
            return true;
    return false;
}

static void remark_gt(void)
{
    const char *gt = has_c_tests() ? hn_false_gt() : NULL;
    char text[400];

    if (!gt)
        return;
    (void)snprintf(text, sizeof text,
                   "%.100s: gt() of this Criterion passes where both are equal: write "
                   "not(le(TYPE, a, b)), or use Criterion 2.4.2 or later",
                   gt);
    hn_control_send_text(HN_WIRE_REMARK, text);
}

void hn_remarks_send(void)
{
    remark_threads();
    remark_gt();
}
