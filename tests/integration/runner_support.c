/* SPDX-License-Identifier: MIT */
#include "tests/integration/runner_support.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/file.h"

const char *ts_suites_dir(void)
{
    return ASSAY_BINARY_DIR "/runner_suites";
}

static void take_line(struct ts_run_events *run, const char *line, size_t size)
{
    json_t *event = json_loadb(line, size, 0, NULL);
    const char *kind = json_string_value(json_object_get(event, "event"));

    if (kind && strcmp(kind, "test_end") == 0)
        (void)json_array_append(run->ends, event);
    if (kind && strcmp(kind, "run_end") == 0)
        run->run_end = json_incref(event);
    json_decref(event);
}

struct ts_run_events ts_run_suites(const char *fmt, ...)
{
    struct ts_run_events run = {.ends = json_array()};
    char *line = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&line, fmt, args) < 0)
        abort();
    va_end(args);
    const char *after = strchr(line, ';');
    run.result = ts_run("cd %s && %.*s assay test --json --history none %s", ts_suites_dir(),
                        after ? (int)(after - line) : 0, line, after ? after + 1 : line);
    free(line);
    for (const char *at = ts_out(&run.result); *at;) {
        size_t size = strcspn(at, "\n");
        take_line(&run, at, size);
        at += size + (at[size] == '\n');
    }
    return run;
}

void ts_run_events_fini(struct ts_run_events *run)
{
    json_decref(run->ends);
    json_decref(run->run_end);
    ts_result_fini(&run->result);
}

json_t *ts_end_of(const struct ts_run_events *run, const char *name)
{
    json_t *found = NULL, *event;
    size_t index;

    json_array_foreach(run->ends, index, event)
    {
        const char *id = json_string_value(json_object_get(event, "id"));
        size_t size = id ? strlen(id) : 0;
        if (size > strlen(name) && strcmp(id + size - strlen(name), name) == 0
            && id[size - strlen(name) - 1] == '/')
            found = event;
    }
    return found;
}

const char *ts_end_text(const struct ts_run_events *run, const char *name, const char *key)
{
    const char *text = json_string_value(json_object_get(ts_end_of(run, name), key));

    return text ? text : "";
}

const char *ts_status_of(const struct ts_run_events *run, const char *name)
{
    return ts_end_text(run, name, "status");
}

bool ts_has_message(const struct ts_run_events *run, const char *name, const char *text)
{
    json_t *message;
    size_t index;

    json_array_foreach(json_object_get(ts_end_of(run, name), "messages"), index, message)
    {
        const char *have = json_string_value(json_object_get(message, "text"));
        if (have && strstr(have, text))
            return true;
    }
    return false;
}

bool ts_is_running(const char *text)
{
    bool found = false;
    DIR *proc = opendir("/proc");

    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        char path[300];
        struct pf_buf line = {0};
        struct pf_err err = {0};
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        if (atoi(entry->d_name) > 0 && pf_file_read(&line, path, 1 << 16, &err)) {
            for (size_t i = 0; i < line.size; i++)
                if (!line.at[i])
                    line.at[i] = ' ';
            found = strstr(pf_buf_cstr(&line), text) != NULL;
        }
        pf_buf_fini(&line);
    }
    if (proc)
        (void)closedir(proc);
    return found;
}
