/* SPDX-License-Identifier: MIT */
#include "harness/runner/json_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/preload/wire.h"
#include "harness/runner/verdict.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

json_t *hn_json_text(const char *text)
{
    json_t *string = json_string(text ? text : "");

    if (string || !text)
        return string;
    struct pf_buf out = {0};
    for (const char *at = text; *at; at++) {
        char one[2] = {*at, '\0'};
        json_t *good = json_string(one);
        pf_buf_put_str(&out, good ? one : "\xEF\xBF\xBD");
        json_decref(good);
    }
    string = json_string(pf_buf_cstr(&out));
    pf_buf_fini(&out);
    return string;
}

static void put_line(struct hn_json_events *events, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    struct pf_buf line = {0};

    pf_buf_printf(&line, "%s\n", text ? text : "{}");
    if (!events->failed
        && !pf_file_write_fd(events->fd, pf_buf_view(&line), events->path, &events->err))
        events->failed = true;
    pf_buf_fini(&line);
    free(text);
    json_decref(object);
}

json_t *hn_json_test(const struct hn_test *test, const struct hn_plan *plan)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "id", hn_json_text(test->id));
    (void)json_object_set_new(object, "binary", hn_json_text(plan->binaries[test->binary].path));
    (void)json_object_set_new(object, "suite", hn_json_text(test->suite));
    (void)json_object_set_new(object, "name", hn_json_text(test->name));
    (void)json_object_set_new(object, "file", hn_json_text(test->file));
    (void)json_object_set_new(object, "line", json_integer(test->line));
    (void)json_object_set_new(object, "tags", hn_json_text(test->tags));
    (void)json_object_set_new(object, "disabled", json_boolean(test->flags & HN_WIRE_DISABLED));
    (void)json_object_set_new(object, "description", hn_json_text(test->description));
    return object;
}

static json_t *event_of(const char *name)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "assay", json_integer(1));
    (void)json_object_set_new(object, "event", json_string(name));
    (void)json_object_set_new(object, "time_s", json_real((double)pf_clock_wall_ns() / 1e9));
    return object;
}

static void put_id(json_t *object, const struct hn_test *test, unsigned attempt)
{
    (void)json_object_set_new(object, "id", hn_json_text(test->id));
    (void)json_object_set_new(object, "file", hn_json_text(test->file));
    (void)json_object_set_new(object, "line", json_integer(test->line));
    (void)json_object_set_new(object, "attempt", json_integer(attempt == UINT32_MAX ? 1 : attempt));
}

static json_t *messages_of(const struct hn_attempt *attempt)
{
    static const char *const kinds[] = {"failure", "error", "warning", "note"};
    json_t *list = json_array();

    for (const struct hn_message *at = attempt->messages; at; at = at->next) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "kind", json_string(kinds[at->kind]));
        (void)json_object_set_new(one, "file", hn_json_text(at->file));
        (void)json_object_set_new(one, "line", json_integer(at->line));
        (void)json_object_set_new(one, "text", hn_json_text(at->text));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *leaks_of(const struct hn_attempt *attempt)
{
    json_t *list = json_array();

    for (const struct hn_leak *at = attempt->leaks; at; at = at->next) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "kind", json_string(at->kind));
        (void)json_object_set_new(one, "bytes", json_integer((json_int_t)at->bytes));
        (void)json_object_set_new(one, "text", hn_json_text(at->text));
        (void)json_array_append_new(list, one);
    }
    return list;
}

static void on_start(void *self, const struct hn_test *test, unsigned attempt)
{
    json_t *event = event_of("test_start");

    put_id(event, test, attempt);
    put_line(self, event);
}

static void on_end(void *self, const struct hn_test *test, const struct hn_attempt *attempt,
                   unsigned number)
{
    json_t *event = event_of("test_end");
    json_t *output = json_object();

    put_id(event, test, number);
    (void)json_object_set_new(event, "status", json_string(hn_status_name(attempt->status)));
    (void)json_object_set_new(event, "duration_s", json_real(attempt->duration_s));
    (void)json_object_set_new(event, "cpu_s", json_real((double)attempt->cpu_us / 1e6));
    (void)json_object_set_new(event, "peak_kib", json_integer((json_int_t)attempt->peak_kib));
    if (attempt->instructions)
        (void)json_object_set_new(event, "instructions",
                                  json_integer((json_int_t)attempt->instructions));
    (void)json_object_set_new(event, "asserts", json_integer((json_int_t)attempt->asserts));
    (void)json_object_set_new(event, "asserted_nothing", json_boolean(attempt->asserted_nothing));
    (void)json_object_set_new(event, "reason", hn_json_text(attempt->reason));
    (void)json_object_set_new(event, "messages", messages_of(attempt));
    (void)json_object_set_new(output, "stdout", hn_json_text(attempt->out));
    (void)json_object_set_new(output, "stderr", hn_json_text(attempt->err));
    (void)json_object_set_new(event, "output", output);
    (void)json_object_set_new(event, "signal",
                              attempt->signal ? json_string(hn_signal_name(attempt->signal))
                                              : json_null());
    (void)json_object_set_new(event, "stacks",
                              attempt->stacks ? hn_json_text(attempt->stacks) : json_null());
    (void)json_object_set_new(event, "leaks", leaks_of(attempt));
    put_line(self, event);
}

bool hn_json_open(struct hn_json_events *events, const char *path, struct pf_err *err)
{
    *events = (struct hn_json_events){.fd = STDOUT_FILENO, .path = path};
    events->listener = (struct hn_listener){.self = events, .on_start = on_start, .on_end = on_end};
    if (strcmp(path, "-") == 0)
        return true;
    events->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return events->fd >= 0 ? true : pf_err_sys(err, errno, "%s: cannot be written", path);
}

void hn_json_run_start(struct hn_json_events *events, const struct hn_plan *plan,
                       const struct hn_run_info *info)
{
    json_t *event = event_of("run_start");

    (void)json_object_set_new(event, "command", hn_json_text(info->command));
    (void)json_object_set_new(event, "engine", json_string(info->engine));
    (void)json_object_set_new(event, "tests", json_integer(plan->order_count));
    (void)json_object_set_new(event, "seed",
                              info->seed ? json_integer((json_int_t)info->seed) : json_null());
    (void)json_object_set_new(event, "shard", info->shard ? json_string(info->shard) : json_null());
    put_line(events, event);
}

void hn_json_profiles(struct hn_json_events *events, const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->test_count; i++) {
        unsigned number = 0;
        for (const struct hn_attempt *at = plan->tests[i].attempts; at; at = at->next) {
            number++;
            if (!at->profile)
                continue;
            json_t *event = event_of("test_profile");
            put_id(event, &plan->tests[i], number);
            (void)json_object_set_new(event, "profile", hn_json_text(at->profile));
            (void)json_object_set_new(event, "samples",
                                      json_integer((json_int_t)at->profile_samples));
            put_line(events, event);
        }
    }
}

bool hn_json_run_end(struct hn_json_events *events, const struct hn_plan *plan,
                     const struct hn_tally *tally, struct pf_err *err)
{
    json_t *event = event_of("run_end");
    json_t *counts = json_object();
    json_t *problems = json_array(), *obsolete = json_array();

    for (unsigned i = 0; i < HN_STATUS_COUNT; i++)
        (void)json_object_set_new(counts, hn_status_name((enum hn_status)i),
                                  json_integer(tally->by_status[i]));
    for (uint32_t i = 0; i < plan->binary_count; i++) {
        if (plan->binaries[i].kind != HN_BINARY_BAD)
            continue;
        json_t *one = json_object();
        (void)json_object_set_new(one, "binary", hn_json_text(plan->binaries[i].path));
        (void)json_object_set_new(one, "problem", hn_json_text(plan->binaries[i].problem));
        (void)json_array_append_new(problems, one);
    }
    for (const struct hn_obsolete *at = plan->obsolete; at; at = at->next) {
        json_t *one = json_object();
        (void)json_object_set_new(one, "file", hn_json_text(at->path));
        (void)json_object_set_new(one, "removed", json_boolean(at->removed));
        (void)json_array_append_new(obsolete, one);
    }
    (void)json_object_set_new(event, "duration_s", json_real(tally->seconds));
    (void)json_object_set_new(event, "interrupted", json_boolean(tally->interrupted));
    (void)json_object_set_new(event, "counts", counts);
    (void)json_object_set_new(event, "bad_binaries", problems);
    (void)json_object_set_new(event, "obsolete_snapshots", obsolete);
    put_line(events, event);
    if (events->failed)
        *err = events->err;
    return !events->failed;
}

void hn_json_close(struct hn_json_events *events)
{
    if (events->fd > STDERR_FILENO)
        (void)close(events->fd);
    events->fd = 0;
}
