/* SPDX-License-Identifier: MIT */
#include "profiler/report/deliver.h"

#include <string.h>
#include <unistd.h>

#include "profiler/base/file.h"
#include "profiler/base/sink.h"

static bool to_fd(int fd, pf_deliver_write write, const void *what, struct pf_err *err)
{
    struct pf_sink sink;

    pf_sink_init(&sink, pf_sink_to_fd, &fd);
    bool ok = write(what, &sink, err) && pf_sink_finish(&sink, err);
    pf_sink_fini(&sink);
    return ok;
}

bool pf_deliver(const char *path, pf_deliver_write write, const void *what, struct pf_err *err)
{
    struct pf_new_file file = {0};

    if (!path || strcmp(path, "-") == 0)
        return to_fd(STDOUT_FILENO, write, what, err);
    bool ok = pf_new_file_open(&file, path, err)
              && (to_fd(file.fd, write, what, err) || pf_err_prepend(err, "%s", path))
              && pf_new_file_commit(&file, err);
    pf_new_file_close(&file);
    /* Not to be written is not to be done here, whichever way: no directory, no permission. */
    if (!ok && err->code == PF_ERR_NOT_FOUND)
        err->code = PF_ERR_SYSTEM;
    return ok;
}
