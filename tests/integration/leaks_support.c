/* SPDX-License-Identifier: MIT */
#include "tests/integration/leaks_support.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/command.h"

struct leaks_found leaks_of(const char *options, const char *command)
{
    const char *dir = ts_temp_dir();
    char path[256];
    json_error_t why;

    (void)snprintf(path, sizeof path, "%s/leaks.json", dir);
    struct ts_result result = ts_run("assay leaks --quiet %s -o %s -- %s", options, path, command);
    struct leaks_found found = {.status = result.status, .report = json_load_file(path, 0, &why)};
    cr_assert_not_null(found.report, "%s: no report (status %d): %s%s", command, result.status,
                       why.text, ts_err(&result));
    ts_result_fini(&result);
    return found;
}

void leaks_found_fini(struct leaks_found *found)
{
    json_decref(found->report);
    *found = (struct leaks_found){0};
}

static json_t *total(const struct leaks_found *found, const char *kind)
{
    return json_object_get(json_object_get(found->report, "kinds"), kind);
}

uint64_t leaks_bytes(const struct leaks_found *found, const char *kind)
{
    return (uint64_t)json_integer_value(json_object_get(total(found, kind), "bytes"));
}

uint64_t leaks_blocks(const struct leaks_found *found, const char *kind)
{
    return (uint64_t)json_integer_value(json_object_get(total(found, kind), "blocks"));
}

json_t *leaks_frame(const struct leaks_found *found, const char *function)
{
    json_t *first = json_array_get(json_object_get(found->report, "leaks"), 0);
    size_t at;
    json_t *frame;

    json_array_foreach(json_object_get(first, "stack"), at, frame)
    {
        if (strcmp(json_string_value(json_object_get(frame, "function")), function) == 0)
            return frame;
    }
    return NULL;
}
