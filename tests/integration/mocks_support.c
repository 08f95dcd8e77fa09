/* SPDX-License-Identifier: MIT */
#include "mocks_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct ts_result mock_build_run(const struct mock_build *build)
{
    return ts_run("cd %s && %s -g -c " MOCK_SRC "/%s.c -o code.o"
                  " && " ASSAY_BINARY_DIR "/bin/assay-wrapgen -o w --quiet %s code.o"
                  " && gcc -g -D_GNU_SOURCE " MOCK_FLAGS " -Wall -Wextra -Werror -Iw"
                  " -I" ASSAY_SOURCE_DIR "/mocks/include -I" MOCK_SRC " -o program"
                  " w/wraps.c " MOCK_SRC "/%s.c code.o @w/wraps.rsp"
                  " " ASSAY_BINARY_DIR "/mocks/libassay-mocks.a -lpthread"
                  " && ./program",
                  ts_temp_dir(), build->compiler, build->code, build->functions, build->check);
}

struct ts_result mock_wrap_only(const char *compiler, const char *code, const char *functions)
{
    return ts_run("cd %s && %s -g -c " MOCK_SRC "/%s.c -o code.o"
                  " && " ASSAY_BINARY_DIR "/bin/assay-wrapgen -o w %s code.o",
                  ts_temp_dir(), compiler, code, functions);
}

const char *mock_project(const struct mock_file *files)
{
    const char *dir = ts_temp_dir();

    for (; files->name; files++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files->name);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        (void)mkdir(path, 0777);
        *slash = '/';
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file, "%s", path);
        (void)fputs(files->text, file);
        (void)fclose(file);
    }
    return dir;
}

struct ts_result mock_project_run(const char *dir, const char *options)
{
    return ts_run("cd %s && rm -rf b && cmake -G Ninja -B b -DCMAKE_EXE_LINKER_FLAGS='" MOCK_FLAGS
                  "' %s . >&2"
                  " && ninja -C b >&2 && b/t",
                  dir, options);
}
