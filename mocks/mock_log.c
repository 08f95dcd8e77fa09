/*
 * The call log: what went in and what came out of every watched call, with the first bytes of its
 * buffers, for F_call(i) and for messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "mocks/mock_priv.h"

/* Room for the first bytes of a buffer. */
static struct mk_seen_bytes *add_bytes(struct mk_record *record, unsigned param, size_t size)
{
    if (size > MK_LOG_BYTES)
        size = MK_LOG_BYTES;
    struct mk_seen_bytes *bytes = mk_new(sizeof *bytes + size);
    bytes->next = record->bytes;
    bytes->param = (uint8_t)param;
    bytes->size = (uint8_t)size;
    record->bytes = bytes;
    return bytes;
}

/* A buffer that is not there, or not whole, is the function's to complain of. */
static void keep_bytes(struct mk_record *record, unsigned param, const void *at, size_t size)
{
    size = mk_readable(at, size > MK_LOG_BYTES ? MK_LOG_BYTES : size);
    if (at)
        memcpy(add_bytes(record, param, size)->at, at, size);
}

static void keep_text(struct mk_record *record, unsigned param, const char *at, size_t most)
{
    size_t size = mk_readable(at, most > MK_LOG_BYTES ? MK_LOG_BYTES : most);
    keep_bytes(record, param, at, strnlen(at, size));
}

static void keep_inputs(struct mk_record *record, const struct mk_call *call)
{
    for (unsigned i = 0; i < call->fn->param_count; i++) {
        const struct mk_param *of = &call->fn->params[i];
        const void *at = (const void *)(uintptr_t)call->args[i].p;

        if (of->role == MK_STRING && at)
            keep_text(record, i, at, MK_LOG_BYTES);
        else if (of->role == MK_READS)
            keep_bytes(record, i, at, mk_buffer_size(call->fn, i, call->args));
        else if (of->role == MK_FILLS && of->length_is_object && at)
            add_bytes(record, i, mk_buffer_size(call->fn, i, call->args));
    }
}

struct mk_record *mk_log_open(const struct mk_call *call)
{
    struct mk_fn *fn = call->fn;

    mk_state.seq++;
    fn->logged++;
    if (mk_state.seq > MK_LOG_MAX) {
        mk_state.log_full = true;
        return NULL;
    }
    size_t args_size = fn->param_count * sizeof(union mk_value);
    struct mk_record *record = mk_new(sizeof *record + args_size + fn->ret_size);
    record->ret = (unsigned char *)record->args + args_size;
    record->fn = fn;
    record->seq = mk_state.seq;
    record->thread = mk_thread_id();
    record->caller = call->caller;
    memcpy(record->args, call->args, args_size);
    keep_inputs(record, call);
    if (fn->records_end)
        fn->records_end->next = record;
    else
        fn->records = record;
    fn->records_end = record;
    return record;
}

/* The length behind its pointer was the room, and is what there was to say: that may be more. */
static void keep_sized(struct mk_record *record, const struct mk_call *call, unsigned param)
{
    const void *at = (const void *)(uintptr_t)call->args[param].p;
    size_t size = mk_buffer_size(call->fn, param, call->args);
    struct mk_seen_bytes *bytes = record->bytes;

    while (bytes && bytes->param != param)
        bytes = bytes->next;
    if (!bytes)
        return;
    if (bytes->size > size)
        bytes->size = (uint8_t)size;
    bytes->size = (uint8_t)mk_readable(at, bytes->size);
    memcpy(bytes->at, at, bytes->size);
}

/* What the function wrote: as much as it says it did, where it says so. */
static size_t filled_size(const struct mk_call *call, unsigned param, union mk_value ret)
{
    const struct mk_param *of = &call->fn->params[param];
    size_t room = mk_buffer_size(call->fn, param, call->args);
    size_t unit = mk_buffer_unit(call->fn, param, call->args);

    if (!of->fills_return)
        return room;
    return ret.i <= 0 ? 0 : (size_t)ret.u * unit < room ? (size_t)ret.u * unit : room;
}

static void drop_bytes(struct mk_record *record, unsigned param)
{
    for (struct mk_seen_bytes *bytes = record->bytes; bytes; bytes = bytes->next)
        if (bytes->param == param)
            bytes->size = 0;
}

/* A call that failed wrote nothing. */
static void keep_output(struct mk_record *record, const struct mk_call *call, unsigned param,
                        union mk_value ret)
{
    const struct mk_fn *fn = call->fn;
    const struct mk_param *of = &fn->params[param];
    const void *at = (const void *)(uintptr_t)call->args[param].p;
    bool failed = mk_returned_failure(fn, ret);

    if (of->role == MK_STORES && !failed)
        keep_bytes(record, param, at, of->pointee_size);
    if (of->role != MK_FILLS || !at)
        return;
    if (failed)
        drop_bytes(record, param);
    else if (of->length_is_object)
        keep_sized(record, call, param);
    else if (fn->ret_class == MK_PTR) /* fgets, getcwd: text */
        keep_text(record, param, at, mk_buffer_size(fn, param, call->args));
    else
        keep_bytes(record, param, at, filled_size(call, param, ret));
}

void mk_log_close(struct mk_record *record, const struct mk_call *call, const void *ret, int err)
{
    const struct mk_fn *fn = call->fn;
    union mk_value value = {0};

    if (ret) {
        memcpy(record->ret, ret, fn->ret_size);
        value = mk_load(fn->ret_class, fn->ret_size, ret);
    }
    record->err = err;
    for (unsigned i = 0; i < fn->param_count; i++)
        keep_output(record, call, i, value);
}

bool mk_returned_failure(const struct mk_fn *fn, union mk_value ret)
{
    if (fn->failure == MK_FAILS_RETURN)
        return ret.i != 0;
    return fn->failure == MK_FAILS_ERRNO && ret.u == fn->fail_value.u;
}

static bool is_watched(const struct mk_fn *fn)
{
    return fn->rules || fn->strict || fn->forbidden;
}

unsigned long mk_calls(struct mk_fn *fn, const char *file, int line)
{
    unsigned long calls = 0;

    if (!mk_enter())
        return 0;
    mk_lock();
    fn->asked = true;
    if (!is_watched(fn))
        mk_fail_at(file, line, "%s_calls(): nobody watches %s in this test: call spy_%s() first",
                   fn->name, fn->name, fn->name);
    calls = fn->logged;
    mk_unlock();
    mk_leave();
    return calls;
}

static void put_common(unsigned char *view, const struct mk_record *record)
{
    struct mk_call_common common = {
        .seq = record->seq,
        .err = record->err,
        .was_real = record->was_real,
        .thread = record->thread,
        .caller = record->caller,
    };
    memcpy(view, &common, sizeof common);
}

static void *make_view(struct mk_record *record)
{
    const struct mk_fn *fn = record->fn;
    unsigned char *view = mk_new(fn->call_size);

    put_common(view, record);
    if (fn->call_ret_at != MK_NO_FIELD)
        memcpy(view + fn->call_ret_at, record->ret, fn->ret_size);
    for (unsigned i = 0; i < fn->param_count; i++) {
        const struct mk_param *of = &fn->params[i];
        if (of->call_at != MK_NO_FIELD && of->class != MK_BLOB)
            mk_store(of->class, of->size, view + of->call_at, record->args[i]);
    }
    for (const struct mk_seen_bytes *seen = record->bytes; seen; seen = seen->next) {
        const struct mk_param *of = &fn->params[seen->param];
        struct assay_bytes bytes = {.at = seen->at, .size = seen->size};
        if (of->call_bytes_at != MK_NO_FIELD)
            memcpy(view + of->call_bytes_at, &bytes, sizeof bytes);
    }
    return view;
}

static struct mk_record *find_record(const struct mk_fn *fn, unsigned long index)
{
    struct mk_record *record = fn->records;

    while (record && index--)
        record = record->next;
    return record;
}

const void *mk_call_view(struct mk_fn *fn, unsigned long index, const char *file, int line)
{
    static const _Alignas(16) unsigned char nothing[4096];

    if (!mk_enter())
        return nothing;
    mk_lock();
    fn->asked = true;
    struct mk_record *record = find_record(fn, index);
    if (record && !record->view)
        record->view = make_view(record);
    if (!record)
        mk_fail_at(file, line, "%s_call(%lu): there were only %lu calls of %s%s", fn->name, index,
                   fn->logged, fn->name,
                   is_watched(fn) ? "" : " seen: nobody watches it, call its spy first");
    const void *view = record ? record->view : nothing;
    mk_unlock();
    mk_leave();
    return view;
}
