/* SPDX-License-Identifier: MIT */
#include "harness/runner/ctest_discover.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/runner/plan_load.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"
#include "profiler/base/spawn.h"

enum { OUTPUT_MAX = 256 << 20, CTEST_SECONDS = 60 };

static const char *string_at(const json_t *array, size_t index)
{
    return json_string_value(json_array_get(array, index));
}

/* The suite a command runs: itself, or what "assay test ... BIN" names. */
static const char *suite_of(const json_t *command)
{
    const char *program = string_at(command, 0);
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *second = string_at(command, 1);

    if (program && strcmp(slash ? slash + 1 : program, "assay") == 0 && second
        && strcmp(second, "test") == 0)
        return string_at(command, json_array_size(command) - 1);
    return program;
}

static const char *working_dir_of(const json_t *test)
{
    size_t index;
    json_t *property;

    json_array_foreach(json_object_get(test, "properties"), index, property)
    {
        const char *name = json_string_value(json_object_get(property, "name"));
        if (name && strcmp(name, "WORKING_DIRECTORY") == 0)
            return json_string_value(json_object_get(property, "value"));
    }
    return NULL;
}

static bool is_known(const struct hn_plan *plan, const char *path)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (strcmp(plan->binaries[i].path, path) == 0)
            return true;
    return false;
}

static void add(struct hn_plan *plan, const json_t *test)
{
    const char *path = suite_of(json_object_get(test, "command"));

    if (!path || is_known(plan, path) || access(path, X_OK) != 0)
        return;
    hn_plan_add_binary(plan, path, working_dir_of(test));
    if (plan->binaries[plan->binary_count - 1].kind == HN_BINARY_BAD)
        plan->binary_count--; /* CTest runs other programs, too */
}

bool hn_ctest_read(struct hn_plan *plan, struct pf_bytes text, struct pf_err *err)
{
    json_error_t why;
    size_t index;
    json_t *test;
    json_t *root = json_loadb((const char *)text.at, text.size, 0, &why);

    if (!root)
        return pf_err_set(err, PF_ERR_FORMAT, "ctest --show-only=json-v1: line %d: %s", why.line,
                          why.text);
    json_array_foreach(json_object_get(root, "tests"), index, test)
    {
        add(plan, test);
    }
    json_decref(root);
    return true;
}

/* A directory that was named is checked, or ctest would be blamed for it. */
static bool check_build_dir(const char *dir, struct pf_err *err)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/CTestTestfile.cmake", dir);
    if (access(path, R_OK) == 0)
        return true;
    int why = access(dir, F_OK) == 0 ? ENOENT : errno;
    return pf_err_set(err, PF_ERR_USAGE,
                      "%s: %s: --build-dir wants the directory CMake built in (enable_testing() "
                      "makes CTest's files there)",
                      path, strerror(why));
}

static const char *find_build_dir(const char *given)
{
    static const char *const places[] = {".", "build", "build/dev", "build/release", "build/debug"};
    char path[4096];

    if (given)
        return given;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/CTestTestfile.cmake", places[i]);
        if (access(path, R_OK) == 0)
            return places[i];
    }
    return NULL;
}

bool hn_ctest_discover(struct hn_plan *plan, const char *build_dir, struct pf_err *err)
{
    char *argv[] = {"ctest", "--show-only=json-v1", NULL};
    const char *dir = find_build_dir(build_dir);
    struct pf_child child = {0};
    struct pf_buf text = {0};

    if (!dir)
        return pf_err_set(err, PF_ERR_USAGE,
                          "no test binary given and no CTest build directory here: name the "
                          "binaries, or --build-dir DIR");
    if (!check_build_dir(dir, err))
        return false;
    int out = memfd_create("ctest", MFD_CLOEXEC);
    struct pf_spawn spawn = {.argv = argv, .dir = dir, .stdout_fd = out};
    bool ok = pf_child_start(&child, &spawn, err)
              || pf_err_prepend(err, "which suites CTest knows cannot be asked");
    if (ok && !pf_child_wait(&child, pf_clock_now_ns() + CTEST_SECONDS * 1000000000ull))
        ok = pf_err_set(err, PF_ERR_SYSTEM, "ctest in %s did not answer", dir);
    pf_child_stop(&child, 0);
    (void)lseek(out, 0, SEEK_SET);
    ok = ok && pf_file_read_fd(&text, out, OUTPUT_MAX, err)
         && hn_ctest_read(plan, pf_buf_view(&text), err);
    (void)close(out);
    pf_buf_fini(&text);
    if (ok && !plan->binary_count)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "%s: none of CTest's tests is a Criterion binary that is built", dir);
    return ok;
}
