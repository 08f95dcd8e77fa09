/* SPDX-License-Identifier: MIT */
#include "harness/runner/plan_load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "harness/runner/binary_check.h"
#include "harness/runner/stacks.h"
#include "profiler/base/clock.h"

enum { AT_ONCE = 4 };

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

void hn_plan_add_binary(struct hn_plan *plan, const char *path, const char *working_dir)
{
    struct hn_binary binary = {
        .path = strchr(path, '/') ? hn_text(&plan->arena, "%s", path)
                                  : hn_text(&plan->arena, "./%s", path),
        .name = hn_text(&plan->arena, "%s", last_component(path)),
        .working_dir = working_dir ? hn_text(&plan->arena, "%s", working_dir) : NULL,
    };

    hn_binary_check(&binary, &plan->arena);
    plan->binaries = pf_mem_resize(plan->binaries, plan->binary_count + 1, sizeof *plan->binaries);
    plan->binaries[plan->binary_count++] = binary;
}

/* Tests of binaries listed side by side arrive mixed; bring them into the binaries' order. */
static int by_binary(const void *left, const void *right)
{
    const struct hn_test *a = left, *b = right;

    if (a->binary != b->binary)
        return a->binary < b->binary ? -1 : 1;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    return a->param < b->param ? -1 : a->param > b->param;
}

static void count_tests(struct hn_plan *plan)
{
    if (plan->test_count)
        qsort(plan->tests, plan->test_count, sizeof *plan->tests, by_binary);
    for (uint32_t i = 0; i < plan->binary_count; i++)
        plan->binaries[i].test_count = 0;
    for (uint32_t i = plan->test_count; i-- > 0;) {
        struct hn_binary *binary = &plan->binaries[plan->tests[i].binary];
        binary->first_test = i;
        binary->test_count++;
    }
}

static void give_up(struct hn_binary *binary, struct hn_suite *suite, const char *problem)
{
    binary->kind = HN_BINARY_BAD;
    if (problem)
        binary->problem = problem;
    hn_suite_stop(suite);
}

/* One message, or what there is to say that none came. True when this binary is done with. */
static bool step(struct hn_plan *plan, struct hn_suite *suites, uint32_t index)
{
    switch (hn_suite_receive(&suites[index], plan, index)) {
    case HN_SUITE_MORE:
        return false;
    case HN_SUITE_LISTED:
        return true;
    case HN_SUITE_BROKEN:
        break;
    }
    give_up(&plan->binaries[index], &suites[index], NULL);
    return true;
}

static bool start(struct hn_plan *plan, struct hn_suite *suite, uint32_t index,
                  const struct hn_load_spec *spec)
{
    struct pf_err err = {0};
    bool is_plain = !plan->binaries[index].has_asan && !plan->binaries[index].has_tsan;
    struct hn_suite_spec suite_spec = {
        .binary = &plan->binaries[index],
        .preload = spec->preload,
        .agent = is_plain ? spec->agent : NULL,
        .invitation = is_plain ? spec->invitation : NULL,
        .wrapper = is_plain ? spec->wrapper : NULL,
        .engine = spec->engine,
    };

    if (hn_suite_start(suite, &suite_spec, &err))
        return true;
    give_up(&plan->binaries[index], suite, hn_text(&plan->arena, "%s", err.text));
    return false;
}

struct loading {
    uint32_t index[AT_ONCE];
    struct pollfd poll[2 * AT_ONCE]; /* control, output */
    uint64_t deadline_ns[AT_ONCE];
    unsigned count;
};

static void start_more(struct loading *now, struct hn_plan *plan, struct hn_suite *suites,
                       uint32_t *next, const struct hn_load_spec *spec)
{
    while (now->count < AT_ONCE && *next < plan->binary_count) {
        uint32_t index = (*next)++;
        if (plan->binaries[index].kind != HN_BINARY_CRITERION
            || !start(plan, &suites[index], index, spec))
            continue;
        now->index[now->count] = index;
        now->deadline_ns[now->count] = pf_clock_now_ns() + (uint64_t)spec->deadline_s * 1000000000u;
        now->count++;
    }
    for (unsigned i = 0; i < now->count; i++) {
        now->poll[2 * i] = (struct pollfd){suites[now->index[i]].control_fd, POLLIN, 0};
        now->poll[2 * i + 1] = (struct pollfd){suites[now->index[i]].output_fd, POLLIN, 0};
    }
}

static void finish(struct loading *now, unsigned which)
{
    now->count--;
    now->index[which] = now->index[now->count];
    now->deadline_ns[which] = now->deadline_ns[now->count];
}

/* Where it is now says more than any guess. */
static void give_up_late(struct hn_plan *plan, struct hn_suite *suite, uint32_t index)
{
    const char *stacks = hn_stacks_text(suite->child.pid, 0, &plan->arena);

    give_up(&plan->binaries[index], suite,
            hn_text(&plan->arena,
                    "did not list its tests in time: it hangs in a constructor, in main(), or in "
                    "the parameters of a test%s%s",
                    stacks ? "\n" : "", stacks ? stacks : ""));
}

static void take_messages(struct loading *now, struct hn_plan *plan, struct hn_suite *suites)
{
    for (unsigned i = now->count; i-- > 0;) {
        uint32_t index = now->index[i];
        bool done = false;
        if (now->poll[2 * i + 1].revents & POLLIN)
            (void)hn_capture_drain(&suites[index].output, suites[index].output_fd);
        if (now->poll[2 * i].revents) {
            done = step(plan, suites, index);
        } else if (pf_clock_now_ns() > now->deadline_ns[i]) {
            give_up_late(plan, &suites[index], index);
            done = true;
        }
        if (done)
            finish(now, i);
    }
}

bool hn_plan_load(struct hn_plan *plan, struct hn_suite *suites, const struct hn_load_spec *spec,
                  struct pf_err *err)
{
    struct loading now = {0};
    uint32_t next = 0;

    for (;;) {
        start_more(&now, plan, suites, &next, spec);
        if (now.count == 0)
            break;
        if (poll(now.poll, 2 * now.count, 100) < 0 && errno != EINTR)
            return pf_err_sys(err, errno, "poll");
        take_messages(&now, plan, suites);
    }
    count_tests(plan);
    return true;
}
