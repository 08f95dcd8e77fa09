/*
 * Short transfers: the calls that may move fewer bytes than asked, and how each is made to.
 *
 * A counted buffer gets a smaller count; an array of buffers, or a message, is handed on as a copy
 * with fewer and shorter ones. Streams (fread, fwrite) are not among them: there, less than asked
 * is an error or the end, which a shorter call would not show.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mocks/mock_priv.h"

enum { NOWHERE = -1, IOVEC = 1, COUNT = 2 };

/* Counts of bytes that belong to no buffer. */
static const struct {
    const char *name;
    int count;
} counted[] = {{"sendfile", 3}, {"copy_file_range", 4}, {"splice", 4}, {"tee", 2}};

static int plain_count(const struct mk_fn *fn)
{
    for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strcmp(counted[i].name, fn->name) == 0)
            return counted[i].count;
    return NOWHERE;
}

/* Of the buffer it moves, where it returns how much of that. */
static int buffer_count(const struct mk_fn *fn)
{
    if (fn->ret_class != MK_INT || fn->ret_size != sizeof(ssize_t))
        return NOWHERE;
    for (unsigned i = 0; i < fn->param_count; i++) {
        const struct mk_param *of = &fn->params[i];
        bool moves = of->role == MK_READS || (of->role == MK_FILLS && of->fills_return);
        if (moves && of->length_param >= 0 && !of->length_is_object && !of->element_size)
            return of->length_param;
    }
    return NOWHERE;
}

static int count_param(const struct mk_fn *fn)
{
    int plain = plain_count(fn);
    return plain == NOWHERE ? buffer_count(fn) : plain;
}

static bool takes_vector(const struct mk_fn *fn)
{
    return mk_is_named("readv writev preadv pwritev preadv2 pwritev2", fn->name);
}

static bool takes_message(const struct mk_fn *fn)
{
    return mk_is_named("sendmsg recvmsg", fn->name);
}

bool mk_can_be_short(const struct mk_fn *fn)
{
    return takes_vector(fn) || takes_message(fn) || count_param(fn) != NOWHERE;
}

/* A copy of the buffers that end with the last of so many bytes; count becomes how many. */
static struct iovec *cut_vector(const struct iovec *from, size_t *count, size_t bytes)
{
    size_t size = *count * sizeof *from, used = 0;

    if (mk_readable(from, size) < size || !*count)
        return NULL;
    struct iovec *to = mk_copy(from, size);
    while (used < *count && bytes) {
        if (to[used].iov_len > bytes)
            to[used].iov_len = bytes;
        bytes -= to[used++].iov_len;
    }
    *count = used;
    return to;
}

static void cut_iovec(struct mk_call *call, size_t bytes)
{
    size_t count = call->args[COUNT].i > 0 ? (size_t)call->args[COUNT].i : 0;
    struct iovec *to = cut_vector((const void *)(uintptr_t)call->args[IOVEC].p, &count, bytes);

    if (!to)
        return;
    call->args[IOVEC].p = to;
    call->args[COUNT].i = (int64_t)count;
    call->altered = true;
}

static void cut_message(struct mk_call *call, size_t bytes)
{
    const struct msghdr *from = (const void *)(uintptr_t)call->args[1].p;

    if (mk_readable(from, sizeof *from) < sizeof *from)
        return;
    size_t count = from->msg_iovlen;
    struct iovec *vector = cut_vector(from->msg_iov, &count, bytes);
    if (!vector)
        return;
    struct msghdr *to = mk_copy(from, sizeof *from);
    to->msg_iov = vector;
    to->msg_iovlen = count;
    call->args[1].p = to;
    call->altered = true;
}

void mk_cut(struct mk_call *call, size_t bytes)
{
    if (takes_vector(call->fn)) {
        cut_iovec(call, bytes);
    } else if (takes_message(call->fn)) {
        cut_message(call, bytes);
    } else {
        union mk_value *count = &call->args[count_param(call->fn)];
        if (count->u <= bytes)
            return;
        count->u = bytes;
        call->altered = true;
    }
}

/* What recvmsg wrote into the copy belongs into the caller's message. */
void mk_cut_end(const struct mk_call *call)
{
    if (!call->altered || !call->record || strcmp(call->fn->name, "recvmsg") != 0)
        return;
    const struct msghdr *copy = (const void *)(uintptr_t)call->args[1].p;
    struct msghdr *own = (void *)(uintptr_t)call->record->args[1].p;
    own->msg_namelen = copy->msg_namelen;
    own->msg_controllen = copy->msg_controllen;
    own->msg_flags = copy->msg_flags;
}
