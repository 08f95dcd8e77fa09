/*
 * A report into a file: whole, or not at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <unistd.h>

#include "harness/runner/test_report.h"
#include "profiler/base/file.h"

bool hn_report_write(const char *path, hn_test_writer writer, const struct hn_plan *plan,
                     const struct hn_tally *tally, const struct hn_run_info *info,
                     struct pf_err *err)
{
    struct pf_new_file file = {.fd = -1};
    struct pf_sink sink;
    bool to_stdout = strcmp(path, "-") == 0;

    if (!to_stdout && !pf_new_file_open(&file, path, err))
        return false;
    int fd = to_stdout ? STDOUT_FILENO : file.fd;
    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    writer(&sink, plan, tally, info);
    bool ok = pf_sink_finish(&sink, err);
    if (!ok)
        (void)pf_err_prepend(err, "%s", path);
    ok = ok && (to_stdout || pf_new_file_commit(&file, err));
    pf_sink_fini(&sink);
    pf_new_file_close(&file);
    return ok;
}
