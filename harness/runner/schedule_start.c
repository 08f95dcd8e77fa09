/*
 * A test into a slot: the lane it needs, its limits, its directory, the request.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "harness/runner/schedule_priv.h"
#include "harness/runner/torture.h"
#include "profiler/base/clock.h"

enum { CALLGRIND_FACTOR = 50 };

void hn_run_watch(struct hn_run *run, int fd, enum hn_source source, uint32_t index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)source << 32 | index};

    if (fd > 0)
        (void)epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void hn_slot_close(struct hn_slot *slot)
{
    if (slot->is_open)
        hn_lane_close(&slot->lane);
    slot->is_open = false;
}

static struct hn_suite *suite_for(struct hn_run *run, uint32_t binary, unsigned special,
                                  struct pf_err *err)
{
    if (special == HN_PLAIN)
        return &run->suites[binary];
    struct hn_suite *suite = &run->special[binary * HN_SPECIAL_COUNT + special];
    if (suite->child.pid > 0)
        return suite;
    if (!run->schedule->start_special
        || !run->schedule->start_special(run->schedule->special_self, suite, binary, special, err))
        return NULL;
    return suite;
}

static bool open_lane(struct hn_run *run, uint32_t index, uint32_t binary, unsigned special,
                      struct pf_err *err)
{
    struct hn_slot *slot = &run->slots[index];

    if (slot->is_open && slot->binary == binary && slot->special == special)
        return true;
    hn_slot_close(slot);
    struct hn_suite *suite = suite_for(run, binary, special, err);
    if (!suite || !hn_lane_open(&slot->lane, suite, run->schedule->show_output, err))
        return false;
    slot->is_open = true;
    slot->binary = binary;
    slot->special = special;
    hn_run_watch(run, slot->lane.control_fd, FROM_LANE, index);
    hn_run_watch(run, slot->lane.out_fd, FROM_OUT, index);
    hn_run_watch(run, slot->lane.err_fd, FROM_ERR, index);
    return true;
}

/* Of a test's own, or else the run's. */
static double limit_of(const struct hn_run *run, const struct hn_test *test)
{
    return test->timeout_s > 0 ? test->timeout_s : run->schedule->timeout_s;
}

/* How much longer than plainly a test may take in this run, in a process of this kind. */
static double factor_of(const struct hn_run *run, unsigned special)
{
    double factor = run->schedule->time_factor > 0 ? run->schedule->time_factor : 1;

    if (special & HN_SPECIAL_CALLGRIND)
        return factor * CALLGRIND_FACTOR;
    return special & HN_SPECIAL_LEAKS ? factor * HN_AGENT_FACTOR : factor;
}

static void set_clock(struct hn_slot *slot, double limit_s)
{
    uint64_t now = pf_clock_now_ns();

    slot->start_ns = now;
    slot->limit_s = limit_s;
    slot->limit_ns = limit_s > 0 ? now + (uint64_t)(limit_s * 1e9) : UINT64_MAX;
    slot->half_ns = limit_s > 0 ? now + (uint64_t)(limit_s * 5e8) : UINT64_MAX;
    slot->kill_ns = UINT64_MAX;
}

static struct hn_wire_run request(const struct hn_run *run, const struct hn_test *test,
                                  const struct hn_slot *slot)
{
    const struct hn_binary *binary = &run->plan->binaries[test->binary];
    struct hn_wire_run wire = {
        .type = HN_WIRE_RUN,
        .test = test->index,
        .param = test->param == HN_NO_CASE ? 0 : test->param,
        .flags = run->schedule->run_flags,
        .attempt = slot->now.attempt,
        .memory_bytes =
            test->memory_mb ? (uint64_t)test->memory_mb << 20 : run->schedule->memory_bytes,
        .gcov_dump = binary->gcov_dump,
        .gcov_reset = binary->gcov_reset,
    };

    if ((test->flags & HN_WIRE_NETNS) || run->schedule->network_namespace)
        wire.flags |= HN_WIRE_RUN_NETNS;
    if (run->schedule->isolate_cwd)
        wire.flags |= HN_WIRE_RUN_CWD;
    memcpy(wire.temp_dir, slot->temp_dir, sizeof wire.temp_dir);
    if (*test->torture) {
        (void)snprintf(wire.torture, sizeof wire.torture, "%s", test->torture);
        wire.torture_nth = slot->now.torture_nth;
        wire.torture_fd = slot->torture_fd;
        wire.torture_pid = getpid();
    }
    if (slot->special & HN_SPECIAL_CALLGRIND)
        wire.flags |= HN_WIRE_RUN_NO_STACKS;
    else if (slot->special & HN_SPECIAL_LEAKS)
        wire.flags |= HN_WIRE_RUN_LEAKS;
    return wire;
}

void hn_slot_start(struct hn_run *run, uint32_t slot_index, const struct hn_again *what)
{
    struct hn_slot *slot = &run->slots[slot_index];
    struct hn_test *test = &run->plan->tests[what->test];
    struct pf_err err = {0};

    if (!open_lane(run, slot_index, test->binary, what->special | hn_memory_special(run, test),
                   &err)) {
        hn_run_conclude_error(run, what->test, err.text);
        return;
    }
    slot->now = *what;
    slot->seen = (struct hn_observed){0};
    slot->stacks = NULL;
    slot->demand_at_half = UINT64_MAX;
    slot->asked_twice = false;
    hn_temp_dir_make(&run->temp, slot->temp_dir, sizeof slot->temp_dir);
    if (*test->torture)
        hn_torture_reset(&slot->torture_fd);
    slot->factor = factor_of(run, slot->special);
    set_clock(slot, limit_of(run, test) * slot->factor);
    struct hn_wire_run wire = request(run, test, slot);
    slot->seen.network_namespace = wire.flags & HN_WIRE_RUN_NETNS;
    if (!hn_lane_run(&slot->lane, &wire, &err)) {
        hn_slot_close(slot);
        hn_run_conclude_error(run, what->test, err.text);
        return;
    }
    slot->is_busy = true;
    hn_run_tell_start(run, test, what->attempt);
}
