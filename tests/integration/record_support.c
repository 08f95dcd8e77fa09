/* SPDX-License-Identifier: MIT */
#include "tests/integration/record_support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/base/clock.h"
#include "profiler/report/report.h"
#include "tests/support/command.h"

enum { READY_SECONDS = 30, POLL_MS = 5 };

const char *ts_workload_path(void)
{
    return ASSAY_BINARY_DIR "/tests/integration/record_workload";
}

static bool has_content(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && about.st_size > 0;
}

struct pf_child ts_program_start(const char *prefix, const char *path, const char *arguments)
{
    static unsigned serial;
    char said[256];
    uint64_t deadline_ns = pf_clock_now_ns() + READY_SECONDS * UINT64_C(1000000000);

    (void)snprintf(said, sizeof said, "%s/said-%d-%u", ts_temp_dir(), (int)getpid(), serial++);
    struct pf_child child = ts_start("exec %s %s %s > %s", prefix, path, arguments, said);
    while (!has_content(said)) {
        cr_assert(!pf_child_wait(&child, 0), "%s %s ended", path, arguments);
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "%s %s is not ready", path, arguments);
        pf_clock_sleep_ms(POLL_MS);
    }
    return child;
}

struct pf_child ts_workload_start(const char *prefix, const char *arguments)
{
    return ts_program_start(prefix, ts_workload_path(), arguments);
}

static uint64_t tree_ticks(pid_t pid)
{
    struct pf_pid_list tree = {0};
    struct pf_proc_stat stat;
    uint64_t ticks = 0;

    pf_pid_list_add(&tree, pid);
    pf_proc_tree_grow(&tree);
    for (uint32_t i = 0; i < tree.count; i++)
        if (pf_proc_stat_read(&stat, tree.at[i], 0))
            ticks += stat.user_ticks + stat.system_ticks;
    pf_pid_list_fini(&tree);
    return ticks;
}

void ts_wait_busy(pid_t pid)
{
    enum { BUSY_TICKS = 10 };
    uint64_t deadline_ns = pf_clock_now_ns() + READY_SECONDS * UINT64_C(1000000000);
    uint64_t first = tree_ticks(pid);

    while (tree_ticks(pid) < first + BUSY_TICKS) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "no load comes");
        pf_clock_sleep_ms(POLL_MS);
    }
}

static bool has_perf_events(pid_t pid)
{
    char path[PATH_MAX];
    char link[64];
    bool found = false;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !found; entry = readdir(dir)) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, entry->d_name);
        ssize_t size = readlink(path, link, sizeof link - 1);
        link[size > 0 ? size : 0] = '\0';
        found = strstr(link, "perf_event") != NULL;
    }
    if (dir)
        (void)closedir(dir);
    return found;
}

void ts_wait_recording(pid_t pid)
{
    uint64_t deadline_ns = pf_clock_now_ns() + READY_SECONDS * UINT64_C(1000000000);

    while (!has_perf_events(pid)) {
        cr_assert_lt(pf_clock_now_ns(), deadline_ns, "the recording does not begin");
        pf_clock_sleep_ms(POLL_MS);
    }
}

struct ts_recording ts_record(const char *prefix, pid_t pid, const char *options, const char *name)
{
    struct ts_result result = ts_run("%s \"$ASSAY_BIN\" record -p %d %s -o %s/%s", prefix, (int)pid,
                                     options, ts_temp_dir(), name);

    cr_assert_eq(result.status, 0, "%s", ts_err(&result));
    ts_result_fini(&result);
    return ts_recording_load(name);
}

struct ts_recording ts_recording_load(const char *name)
{
    struct ts_recording recording = {0};
    struct pf_err err = {0};
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", ts_temp_dir(), name);
    cr_assert(pf_report_load(&recording.profile, path, &err), "%s", err.text);
    cr_assert(pf_summary_load(&recording.summary, &recording.profile));
    return recording;
}

void ts_recording_fini(struct ts_recording *recording)
{
    pf_profile_fini(&recording->profile);
}

double ts_rooted_percent(const struct ts_recording *recording)
{
    const struct pf_summary *summary = &recording->summary;

    return summary->samples ? 100.0 * (double)summary->rooted / (double)summary->samples : 0;
}

static bool names(const struct pf_profile *profile, uint32_t location, const char *function)
{
    const struct pf_location *at = pf_profile_location_at(profile, location);
    const struct pf_line *lines = pf_profile_lines_view(profile, at);

    for (uint32_t i = 0; i < at->line_count; i++)
        if (strcmp(
                pf_profile_text(profile, pf_profile_function_at(profile, lines[i].function)->name),
                function)
            == 0)
            return true;
    return false;
}

static double percent_of(const struct ts_recording *recording, const char *function, bool leaf_only)
{
    const struct pf_profile *profile = &recording->profile;
    int64_t all = 0;
    int64_t found = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++) {
        uint32_t count = 0;
        const uint32_t *stack =
            pf_profile_stack_view(profile, pf_profile_sample_at(profile, i)->stack, &count);
        int64_t value = pf_profile_values_view(profile, i)[0];
        bool has = false;

        all += value;
        for (uint32_t k = 0; k < (leaf_only && count ? 1 : count) && !has; k++)
            has = names(profile, stack[k], function);
        found += has ? value : 0;
    }
    return all ? 100.0 * (double)found / (double)all : 0;
}

double ts_self_percent(const struct ts_recording *recording, const char *function)
{
    return percent_of(recording, function, true);
}

double ts_total_percent(const struct ts_recording *recording, const char *function)
{
    return percent_of(recording, function, false);
}

static const struct pf_label *find_label(const struct pf_profile *profile, uint32_t sample,
                                         const char *key)
{
    uint32_t count = 0;
    uint32_t set = pf_profile_sample_at(profile, sample)->labels;

    if (set == PF_NONE)
        return NULL;
    const struct pf_label *labels = pf_profile_labels_view(profile, set, &count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(pf_profile_text(profile, labels[i].key), key) == 0)
            return &labels[i];
    return NULL;
}

static int64_t sum_label(const struct pf_profile *profile, const char *key, const char *text,
                         uint32_t column)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++) {
        const struct pf_label *label = find_label(profile, i, key);
        if (!text || (label && strcmp(pf_profile_text(profile, label->str), text) == 0))
            sum += pf_profile_values_view(profile, i)[column];
    }
    return sum;
}

int64_t ts_label_samples(const struct ts_recording *recording, const char *key, const char *text)
{
    return sum_label(&recording->profile, key, text, 0);
}

double ts_label_percent(const struct ts_recording *recording, const char *key, const char *text,
                        uint32_t column)
{
    int64_t all = sum_label(&recording->profile, key, NULL, column);

    return all ? 100.0 * (double)sum_label(&recording->profile, key, text, column) / (double)all
               : 0;
}

uint32_t ts_label_numbers(const struct ts_recording *recording, const char *key)
{
    enum { NUMBERS_MAX = 4096 };
    static int64_t seen[NUMBERS_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < recording->profile.samples.count; i++) {
        const struct pf_label *label = find_label(&recording->profile, i, key);
        bool is_known = !label;
        for (uint32_t k = 0; k < count && !is_known; k++)
            is_known = seen[k] == label->num;
        if (!is_known && count < NUMBERS_MAX)
            seen[count++] = label->num;
    }
    return count;
}
