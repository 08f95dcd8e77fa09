/* SPDX-License-Identifier: MIT */
#include "mocks_support.h"

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
