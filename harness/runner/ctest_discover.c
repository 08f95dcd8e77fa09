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

/* Does the command run a suite as assay_discover_tests() says it, "assay test ... BIN"? */
static bool is_ours(const json_t *command)
{
    const char *program = string_at(command, 0);
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *second = string_at(command, 1);

    return program && strcmp(slash ? slash + 1 : program, "assay") == 0 && second
           && strcmp(second, "test") == 0;
}

static const json_t *property_of(const json_t *test, const char *wanted)
{
    size_t index;
    json_t *property;

    json_array_foreach(json_object_get(test, "properties"), index, property)
    {
        const char *name = json_string_value(json_object_get(property, "name"));
        if (name && strcmp(name, wanted) == 0)
            return json_object_get(property, "value");
    }
    return NULL;
}

static const char *const *environment_of(const json_t *test, struct pf_arena *arena)
{
    const json_t *list = property_of(test, "ENVIRONMENT");
    size_t count = json_array_size(list), kept = 0;

    if (!count)
        return NULL;
    const char **env = pf_arena_alloc(arena, (count + 1) * sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (string_at(list, i) && strchr(string_at(list, i), '='))
            env[kept++] = hn_text(arena, "%s", string_at(list, i));
    return env;
}

static struct hn_binary *find(const struct hn_plan *plan, const char *path)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (strcmp(plan->binaries[i].path, path) == 0)
            return &plan->binaries[i];
    return NULL;
}

static bool is_same(const char *const *left, const char *const *right)
{
    for (; left && right && *left && *right; left++, right++)
        if (strcmp(*left, *right) != 0)
            return false;
    return !(left && *left) && !(right && *right);
}

/* Of a binary that several of CTest's tests run: they may not agree. */
static void compare_environment(struct hn_plan *plan, struct hn_binary *known, const json_t *test)
{
    if (known->kind == HN_BINARY_CRITERION && !known->remark
        && !is_same(known->env, environment_of(test, &plan->arena)))
        known->remark = "CTest gives its tests different environments: all have the first one's";
}

static struct hn_binary *add_binary(struct hn_plan *plan, const char *path, const json_t *test)
{
    const json_t *dir = property_of(test, "WORKING_DIRECTORY");

    hn_plan_add_binary(plan, path, json_string_value(dir));
    struct hn_binary *added = &plan->binaries[plan->binary_count - 1];
    added->env = environment_of(test, &plan->arena);
    return added;
}

/* CTest names no command where the program is not there, as before the first build. */
static void add_missing(struct hn_plan *plan, const json_t *test)
{
    static const char suffix[] = "_NOT_BUILT"; /* of assay_discover_tests() */
    const char *name = json_string_value(json_object_get(test, "name"));
    size_t size = name ? strlen(name) : 0;

    if (!size)
        return;
    if (size > strlen(suffix) && strcmp(name + size - strlen(suffix), suffix) == 0)
        size -= strlen(suffix);
    struct hn_binary *added =
        add_binary(plan, hn_text(&plan->arena, "%.*s", (int)size, name), test);
    added->kind = HN_BINARY_BAD;
    added->path = added->name;
    added->problem = "CTest knows this test, but its program is not there: build it";
}

static void add(struct hn_plan *plan, const json_t *test)
{
    const json_t *command = json_object_get(test, "command");
    const char *path = string_at(command, 0);

    if (!path) {
        add_missing(plan, test);
        return;
    }
    if (is_ours(command))
        path = string_at(command, json_array_size(command) - 1);
    struct hn_binary *known = path ? find(plan, path) : NULL;
    if (known)
        compare_environment(plan, known, test);
    else if (path && add_binary(plan, path, test)->kind == HN_BINARY_BAD && !is_ours(command))
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
