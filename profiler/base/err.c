/* SPDX-License-Identifier: MIT */
#include "profiler/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum pf_err_code code_from_errno(int sys_errno)
{
    switch (sys_errno) {
    case EACCES:
    case EPERM:
        return PF_ERR_DENIED;
    case ENOENT:
    case ESRCH:
        return PF_ERR_NOT_FOUND;
    case ENOSYS:
    case EOPNOTSUPP:
        return PF_ERR_UNSUPPORTED;
    case EINTR:
        return PF_ERR_INTERRUPTED;
    default:
        return PF_ERR_SYSTEM;
    }
}

bool pf_err_set(struct pf_err *err, enum pf_err_code code, const char *fmt, ...)
{
    va_list args;

    err->code = code;
    err->sys_errno = 0;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool pf_err_sys(struct pf_err *err, int sys_errno, const char *fmt, ...)
{
    va_list args;

    err->code = code_from_errno(sys_errno);
    err->sys_errno = sys_errno;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);

    size_t used = strlen(err->text);
    char words[128];
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s",
                   strerror_r(sys_errno, words, sizeof words));
    return false;
}

bool pf_err_prepend(struct pf_err *err, const char *fmt, ...)
{
    char context[sizeof err->text];
    va_list args;

    va_start(args, fmt);
    int length = vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    if (length < 0)
        return false;

    size_t used = strlen(context);
    /* A text that grows too long loses its end. */
    if (snprintf(context + used, sizeof context - used, ": %s", err->text) >= 0)
        memcpy(err->text, context, sizeof context);
    return false;
}

int pf_err_exit_status(enum pf_err_code code)
{
    switch (code) {
    case PF_ERR_NONE:
        return 0;
    case PF_ERR_USAGE:
    case PF_ERR_NOT_FOUND:
    case PF_ERR_FORMAT:
        return 2;
    case PF_ERR_DENIED:
    case PF_ERR_UNSUPPORTED:
    case PF_ERR_LIMIT:
    case PF_ERR_SYSTEM:
    case PF_ERR_INTERRUPTED:
        return 3;
    }
    return 3;
}
