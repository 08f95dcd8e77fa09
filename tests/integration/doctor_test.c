/*
 * assay doctor, as root and as an ordinary user, on this machine and on poorer ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/json_schema.h"

static json_t *examined(const char *prefix, int *status)
{
    struct ts_result result = ts_run("%s assay doctor --json", prefix);
    char why[512] = "";

    cr_assert(ts_json_follows(ts_out(&result), "doctor.json", why, sizeof why), "%s", why);
    cr_assert_str_eq(ts_err(&result), "");
    json_t *all = json_loads(ts_out(&result), 0, NULL);
    *status = result.status;
    cr_assert_eq(*status, json_is_true(json_object_get(all, "works")) ? 0 : 1);
    ts_result_fini(&result);
    return all;
}

static const char *field_of(json_t *all, const char *id, const char *field)
{
    size_t i;
    json_t *check;

    json_array_foreach(json_object_get(all, "checks"), i, check)
    {
        if (strcmp(json_string_value(json_object_get(check, "id")), id) == 0)
            return json_string_value(json_object_get(check, field));
    }
    return "";
}

/* What is not well has a remedy, whoever asks. */
static void advice_is_complete(json_t *all)
{
    size_t i;
    json_t *check;

    json_array_foreach(json_object_get(all, "checks"), i, check)
    {
        bool works = strcmp(json_string_value(json_object_get(check, "status")), "works") == 0;
        const char *remedy = json_string_value(json_object_get(check, "remedy"));
        cr_expect_eq(works, remedy[0] == '\0', "%s: remedy \"%s\"",
                     json_string_value(json_object_get(check, "id")), remedy);
    }
}

Test(doctor, follows_its_schema_as_whoever_we_are)
{
    int status;
    json_t *all = examined("", &status);

    advice_is_complete(all);
    json_decref(all);
}

Test(doctor, follows_its_schema_as_an_ordinary_user)
{
    int status;
    json_t *all = examined(ts_as_user(), &status);

    cr_assert_not(json_is_true(json_object_get(all, "root")));
    advice_is_complete(all);
    json_decref(all);
}

Test(doctor, finds_what_is_missing)
{
    int status;
    json_t *all = examined("env PATH=/nonexistent ASSAY_AGENT=/nonexistent/agent.so "
                           "LD_LIBRARY_PATH= DEBUGINFOD_URLS=https://example.org $ASSAY_BIN doctor "
                           "--json #",
                           &status);

    cr_expect_eq(status, 1);
    cr_expect_str_eq(field_of(all, "valgrind", "status"), "limited");
    cr_expect(strstr(field_of(all, "valgrind", "remedy"), "install valgrind"));
    cr_expect_str_eq(field_of(all, "agent", "status"), "missing");
    cr_expect(strstr(field_of(all, "agent", "detail"), "/nonexistent/agent.so"));
    cr_expect(strstr(field_of(all, "debuginfod", "detail"), "https://example.org"));
    json_decref(all);
}

Test(doctor, sees_a_limit_on_descriptors)
{
    int status;
    json_t *all = examined("ulimit -n 256;", &status);

    cr_expect_str_eq(field_of(all, "descriptors", "status"), "limited");
    cr_expect(strstr(field_of(all, "descriptors", "detail"), "256"));
    json_decref(all);
}

Test(doctor, says_for_people_what_would_help)
{
    struct ts_result result = ts_run("PATH=/nonexistent $ASSAY_BIN doctor");

    cr_assert(strstr(ts_out(&result), "limited"));
    cr_assert(strstr(ts_out(&result), "remedy: apt-get install valgrind"));
    cr_assert_null(strchr(ts_out(&result), '\033'));
    ts_result_fini(&result);
}

Test(doctor, quiet_leaves_out_what_works)
{
    struct ts_result result = ts_run("assay doctor --quiet");

    cr_assert_null(strstr(ts_out(&result), "works "));
    ts_result_fini(&result);
}

Test(doctor, wrong_usage_is_two_and_a_full_disk_three)
{
    struct ts_result result = ts_run("assay doctor nonsense");
    cr_assert_eq(result.status, 2);
    ts_result_fini(&result);

    result = ts_run("assay doctor > /dev/full");
    cr_assert_eq(result.status, 3);
    cr_assert(strstr(ts_err(&result), "standard output cannot be written"));
    ts_result_fini(&result);
}
