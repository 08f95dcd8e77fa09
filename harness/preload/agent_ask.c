/*
 * The allocation agent in a test's process: told where the test begins, asked to be looked at when
 * it has ended.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <string.h>

#include "harness/preload/preload.h"

/* profiler/agent/leave.h, which no include may lead to from here. */
enum { AGENT_LINE, AGENT_BEGIN, AGENT_END };

static int (*ask)(int step);

void hn_agent_find(void)
{
    *(void **)&ask = dlsym(RTLD_DEFAULT, "assay_agent_test");
}

/* A test that cannot be looked at must not pass for one that lost nothing. */
static void take_step(int step)
{
    int why = ask ? ask(step) : 0;

    if (why)
        hn_record_printf(
            HN_RECORD_ERROR, "memory was not judged: the agent in the test's process %s: %s",
            step == AGENT_BEGIN ? "has no memory to note in" : "cannot reach the runner",
            strerror(why));
}

void hn_agent_connect(const struct hn_wire_run *run)
{
    if ((run->flags & HN_WIRE_RUN_LEAKS) && (run->flags & HN_WIRE_RUN_NETNS))
        take_step(AGENT_LINE);
}

void hn_agent_begin(const struct hn_wire_run *run)
{
    if (run->flags & HN_WIRE_RUN_LEAKS)
        take_step(AGENT_BEGIN);
}

void hn_agent_end(const struct hn_wire_run *run)
{
    if (run->flags & HN_WIRE_RUN_LEAKS)
        take_step(AGENT_END);
}
