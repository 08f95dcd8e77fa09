/*
 * One recording of all tests, parted into a file a test.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/runner/plan.h"
#include "harness/runner/under_profile.h"
#include "profiler/profile/merge.h"

enum { PATH_SIZE = 4096, ANCESTORS_MAX = 64 };

/* A process a test ran in. */
struct place {
    int pid;
    uint32_t test;
};

/* A sample of a test. */
struct owned {
    uint32_t test, sample;
};

struct parted {
    struct place *places;
    struct owned *owned;
    uint32_t place_count, owned_count;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

static int compare_forks(const void *a, const void *b)
{
    const struct hn_profile_fork *x = a, *y = b;

    return (x->child > y->child) - (x->child < y->child);
}

static int compare_owned(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;

    if (x->test != y->test)
        return x->test < y->test ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

static void list_places(struct parted *parted, const struct hn_plan *plan)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan->test_count; i++)
        for (const struct hn_attempt *at = plan->tests[i].attempts; at; at = at->next)
            count++;
    parted->places = pf_mem_new(count, sizeof *parted->places);
    for (uint32_t i = 0; i < plan->test_count; i++)
        for (const struct hn_attempt *at = plan->tests[i].attempts; at; at = at->next)
            if (at->pid > 0)
                parted->places[parted->place_count++] = (struct place){at->pid, i};
    if (parted->place_count)
        qsort(parted->places, parted->place_count, sizeof *parted->places, compare_places);
}

static int pid_of(const struct pf_profile *profile, const struct pf_sample *sample)
{
    uint32_t count = 0;

    if (sample->labels == PF_NONE)
        return 0;
    const struct pf_label *labels = pf_profile_labels_view(profile, sample->labels, &count);
    for (uint32_t i = 0; i < count; i++)
        if (!labels[i].str && strcmp(pf_profile_text(profile, labels[i].key), "pid") == 0)
            return (int)labels[i].num;
    return 0;
}

/* The test a process ran in, or whose process is its nearest ancestor that is one. */
static const struct place *place_of(const struct parted *parted,
                                    const struct hn_under_profile *from, int pid)
{
    for (int i = 0; i < ANCESTORS_MAX && pid > 0; i++) {
        struct place key = {.pid = pid};
        struct hn_profile_fork sought = {.child = pid};
        const struct place *place = bsearch(&key, parted->places, parted->place_count,
                                            sizeof *parted->places, compare_places);
        if (place || !from->fork_count)
            return place;
        const struct hn_profile_fork *fork =
            bsearch(&sought, from->forks, from->fork_count, sizeof *from->forks, compare_forks);
        pid = fork ? (int)fork->parent : 0;
    }
    return NULL;
}

static void part_samples(struct parted *parted, const struct hn_under_profile *from)
{
    const struct pf_profile *profile = &from->recording.profile;

    if (from->fork_count)
        qsort(from->forks, from->fork_count, sizeof *from->forks, compare_forks);
    parted->owned = pf_mem_new(profile->samples.count, sizeof *parted->owned);
    for (uint32_t i = 0; parted->place_count && i < profile->samples.count; i++) {
        const struct place *place =
            place_of(parted, from, pid_of(profile, pf_profile_sample_at(profile, i)));
        if (place)
            parted->owned[parted->owned_count++] = (struct owned){place->test, i};
    }
    if (parted->owned_count)
        qsort(parted->owned, parted->owned_count, sizeof *parted->owned, compare_owned);
}

/* The directories of an id, "binary/suite", are made on the way. */
static bool make_path(char *path, const char *dir, const char *id, struct pf_err *err)
{
    int size = snprintf(path, PATH_SIZE, "%s/%s.pb.gz", dir, id);

    if (size < 0 || size >= PATH_SIZE)
        return pf_err_set(err, PF_ERR_LIMIT, "%s: longer than a path may be", dir);
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool ok = mkdir(path, 0777) == 0 || errno == EEXIST;
        int error = errno;
        if (!ok)
            return pf_err_sys(err, error, "%s: no directory for profiles", path);
        *slash = '/';
    }
    return true;
}

static int64_t sum_of(const struct pf_profile *profile, const char *type)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < profile->value_count; i++)
        if (strcmp(pf_profile_text(profile, profile->value_types[i].type), type) == 0)
            for (uint32_t j = 0; j < profile->samples.count; j++)
                sum += pf_profile_values_view(profile, j)[i];
    return sum;
}

/* Where the files go, and through what. */
struct output {
    const struct pf_profile *from;
    struct pf_arena *arena;
    hn_profile_save save;
};

static struct hn_attempt *last_of(const struct hn_test *test)
{
    struct hn_attempt *at = test->attempts;

    while (at && at->next)
        at = at->next;
    return at;
}

static bool write_samples(const struct output *output, const struct owned *owned, uint32_t count,
                          struct hn_attempt *attempt, struct pf_err *err)
{
    struct pf_profile own = {0};
    uint32_t *samples = pf_mem_new(count, sizeof *samples);

    for (uint32_t i = 0; i < count; i++)
        samples[i] = owned[i].sample;
    pf_profile_init(&own);
    pf_profile_pick(&own, output->from, samples, count);
    bool ok = output->save(&own, attempt->profile, err);
    attempt->profile_samples = (uint64_t)sum_of(&own, "samples");
    const char *text =
        hn_text(output->arena, "CPU profile: %s (%llu samples, %.1f ms)", attempt->profile,
                (unsigned long long)attempt->profile_samples, (double)sum_of(&own, "cpu") / 1e6);
    if (ok)
        hn_attempt_say(attempt, output->arena, HN_MESSAGE_NOTE, NULL, 0, text);
    pf_profile_fini(&own);
    free(samples);
    return ok;
}

/* A file of an earlier run would be taken for this one's. */
static bool write_test(const struct output *output, const struct owned *owned, uint32_t count,
                       struct hn_attempt *attempt, struct pf_err *err)
{
    if (count)
        return write_samples(output, owned, count, attempt, err);
    (void)unlink(attempt->profile);
    attempt->profile = NULL;
    hn_attempt_say(attempt, output->arena, HN_MESSAGE_NOTE, NULL, 0,
                   hn_text(output->arena, "CPU profile: no sample, %.1f ms of CPU were used",
                           (double)attempt->cpu_us / 1e3));
    return true;
}

static bool write_all(const struct output *output, const struct parted *parted,
                      struct hn_plan *plan, const char *dir, struct pf_err *err)
{
    char path[PATH_SIZE];
    const struct owned *at = parted->owned, *end = at + parted->owned_count;

    for (uint32_t i = 0; i < plan->test_count; i++) {
        struct hn_attempt *attempt = last_of(&plan->tests[i]);
        uint32_t count = 0;
        while (at + count < end && at[count].test == i)
            count++;
        if (!attempt)
            continue;
        if (!make_path(path, dir, plan->tests[i].id, err))
            return false;
        attempt->profile = pf_arena_text(&plan->arena, path, strlen(path));
        if (!write_test(output, at, count, attempt, err))
            return false;
        at += count;
    }
    return true;
}

bool hn_under_profile_write(const struct hn_under_profile *profile, struct hn_plan *plan,
                            const char *dir, hn_profile_save save, struct pf_err *err)
{
    struct output output = {&profile->recording.profile, &plan->arena, save};
    struct parted parted = {0};

    if (!profile->is_recorded)
        return true;
    list_places(&parted, plan);
    part_samples(&parted, profile);
    bool ok = write_all(&output, &parted, plan, dir, err);
    free(parted.places);
    free(parted.owned);
    return ok;
}

void hn_under_profile_place(char *dir, size_t size, const char *chosen, const char *report)
{
    const char *slash = report ? strrchr(report, '/') : NULL;

    if (chosen)
        (void)snprintf(dir, size, "%s", chosen);
    else if (!report || strcmp(report, "-") == 0)
        (void)snprintf(dir, size, ".assay/profiles");
    else
        (void)snprintf(dir, size, "%.*sprofiles", slash ? (int)(slash - report) + 1 : 0, report);
}
