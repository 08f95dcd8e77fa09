/* SPDX-License-Identifier: MIT */
#include "harness/runner/live_view.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "profiler/base/clock.h"

#define ERASE "\r\033[K"

enum { LINE_MAX_COLUMNS = 500, SHOWN_AFTER_MS = 300 };

static unsigned columns(void)
{
    struct winsize size = {0};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < LINE_MAX_COLUMNS ? size.ws_col : LINE_MAX_COLUMNS;
}

/* The test that runs longest; NULL while none runs long enough to be worth a word. */
static const struct hn_test *slowest(const struct hn_live_view *view, uint64_t now, double *seconds)
{
    const struct hn_test *found = NULL;
    uint64_t oldest = now - (uint64_t)SHOWN_AFTER_MS * 1000000u;

    for (unsigned i = 0; i < view->running_count; i++)
        if (view->running[i].start_ns < oldest) {
            oldest = view->running[i].start_ns;
            found = view->running[i].test;
        }
    *seconds = (double)(now - oldest) / 1e9;
    return found;
}

static void draw(const struct hn_live_view *view)
{
    char line[LINE_MAX_COLUMNS + 1];
    uint64_t now = pf_clock_now_ns();
    double seconds;
    const struct hn_test *slow = slowest(view, now, &seconds);
    char running[256] = "";

    if (slow)
        (void)snprintf(running, sizeof running, "  slowest: %s %.1f s", slow->id, seconds);
    (void)snprintf(line, sizeof line, "[%u/%u] %u red  %.1f s%s", view->done,
                   view->plan->order_count, view->red, (double)(now - view->start_ns) / 1e9,
                   running);
    line[columns() - 1] = '\0';
    (void)fprintf(stderr, ERASE "%s", line);
    (void)fflush(stderr);
}

static void on_start(void *self, const struct hn_test *test, unsigned attempt)
{
    struct hn_live_view *view = self;

    if (attempt == 1 && view->done == view->plan->order_count) /* another round */
        view->done = 0;
    if (view->running_count == HN_LIVE_RUNNING_MAX)
        return;
    view->running[view->running_count].test = test;
    view->running[view->running_count++].start_ns = pf_clock_now_ns();
}

static void forget(struct hn_live_view *view, const struct hn_test *test)
{
    for (unsigned i = 0; i < view->running_count; i++)
        if (view->running[i].test == test) {
            view->running[i] = view->running[--view->running_count];
            return;
        }
}

static void on_end(void *self, const struct hn_test *test, const struct hn_attempt *attempt,
                   unsigned number)
{
    struct hn_live_view *view = self;

    forget(view, test);
    bool again = number > 1 && number != UINT32_MAX; /* a retry: the test is counted already */
    bool red = hn_status_is_red(attempt->status);
    view->done += !again;
    view->red += red && !again;
    view->red -= !red && again && view->red;
    if (!red)
        return;
    (void)fprintf(stderr, ERASE "%s%s%s  %s  %s\n", view->color ? "\033[31m" : "",
                  hn_status_name(attempt->status), view->color ? "\033[0m" : "", test->id,
                  attempt->reason);
    draw(view);
}

static void on_tick(void *self)
{
    draw(self);
}

void hn_live_init(struct hn_live_view *view, const struct hn_plan *plan, bool color)
{
    *view = (struct hn_live_view){.plan = plan, .color = color, .start_ns = pf_clock_now_ns()};
    view->listener = (struct hn_listener){
        .self = view, .on_start = on_start, .on_end = on_end, .on_tick = on_tick};
}

void hn_live_end(struct hn_live_view *view)
{
    (void)view;
    (void)fputs(ERASE, stderr);
    (void)fflush(stderr);
}
