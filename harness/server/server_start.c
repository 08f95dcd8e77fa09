/* SPDX-License-Identifier: MIT */
#include "harness/server/server_start.h"

#include <assay/server.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/server/clock_launch.h"
#include "harness/server/launch.h"
#include "harness/server/placeholder.h"
#include "profiler/base/arena.h"
#include "profiler/base/file.h"

enum { VALUE_PORT, VALUE_TMP, VALUE_SOCKET, VALUE_NAME, VALUE_END, VALUES };

/* Everything one launch needs, with the placeholders replaced. */
struct words {
    struct pf_arena arena;
    struct hn_placeholder values[VALUES];
    char port[8];
    char *argv[HN_SPEC_LIST_MAX + 1];
    char *env[HN_SPEC_LIST_MAX + 6];
    const char *dir;
};

static void set_values(struct words *words, const struct hn_supervisor *sup)
{
    bool is_unix = sup->spec.port_mode == ASSAY_PORT_UNIX;
    bool has_port = sup->spec.port_mode == ASSAY_PORT_FD || sup->spec.port_mode == ASSAY_PORT_FIXED;

    (void)snprintf(words->port, sizeof words->port, "%u", sup->port);
    words->values[VALUE_PORT] = (struct hn_placeholder){"port", has_port  ? words->port
                                                                : is_unix ? NULL
                                                                          : "0"};
    words->values[VALUE_TMP] = (struct hn_placeholder){"tmp", sup->tmp};
    words->values[VALUE_SOCKET] =
        (struct hn_placeholder){"socket", is_unix ? sup->shared->socket_path : NULL};
    words->values[VALUE_NAME] = (struct hn_placeholder){"name", sup->spec.name};
    words->values[VALUE_END] = (struct hn_placeholder){0};
}

static char *expand(struct words *words, const char *text, struct pf_err *err)
{
    struct pf_buf out = {0};
    char *result = NULL;

    if (hn_placeholder_expand(&out, text, words->values, err))
        result = pf_arena_text(&words->arena, (const char *)out.at, out.size);
    pf_buf_fini(&out);
    return result;
}

static bool expand_list(struct words *words, char **out, const char *const *list,
                        struct pf_err *err)
{
    for (unsigned i = 0; list[i]; i++) {
        out[i] = expand(words, list[i], err);
        if (!out[i])
            return false;
    }
    return true;
}

/* PORT and TMPDIR come first, so that the specification may say otherwise. */
static bool set_environment(struct words *words, const struct hn_supervisor *sup,
                            struct pf_err *err)
{
    unsigned count = 0;

    words->env[count++] = expand(words, "TMPDIR={tmp}", err);
    if (sup->spec.port_mode == ASSAY_PORT_FIXED || sup->spec.port_mode == ASSAY_PORT_ZERO)
        words->env[count++] = expand(words, "PORT={port}", err);
    if (!expand_list(words, words->env + count, sup->spec.env, err))
        return false;
    return !sup->spec.clock_env
           || hn_clock_prepare(words->env, &words->arena, words->argv[0],
                               &(struct hn_clock_place){sup->tmp, sup->spec.clock_env, words->dir},
                               err);
}

static bool write_files(struct words *words, const struct hn_supervisor *sup, struct pf_err *err)
{
    for (unsigned i = 0; sup->spec.file_names[i]; i++) {
        char path[512];
        const char *text = expand(words, sup->spec.file_texts[i], err);
        if (!text)
            return pf_err_prepend(err, "%s", sup->spec.file_names[i]);
        (void)snprintf(path, sizeof path, "%s/%s", sup->tmp, sup->spec.file_names[i]);
        if (!pf_file_write(path, (struct pf_bytes){text, strlen(text)}, err))
            return false;
    }
    return true;
}

static bool prepare(struct words *words, const struct hn_supervisor *sup, struct pf_err *err)
{
    set_values(words, sup);
    words->dir = expand(words, sup->spec.dir ? sup->spec.dir : "{tmp}", err);
    return words->dir && expand_list(words, words->argv, sup->spec.argv, err)
           && set_environment(words, sup, err) && write_files(words, sup, err);
}

static bool open_log(struct hn_supervisor *sup, int *writing_end, struct pf_err *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return pf_err_sys(err, errno, "pipe");
    /* Ours must not block; the server's must, as a file or terminal would. */
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    sup->log_fd = ends[0];
    *writing_end = ends[1];
    return true;
}

bool hn_start_process(struct hn_supervisor *sup, struct pf_err *err)
{
    struct words words = {0};
    int output = -1;
    pid_t pid = 0;

    bool ok = prepare(&words, sup, err) && open_log(sup, &output, err);
    if (ok) {
        struct hn_launch what = {
            .argv = words.argv,
            .env = words.env,
            .dir = words.dir,
            .output_fd = output,
            .listen_fd = sup->spec.port_mode == ASSAY_PORT_FD ? sup->listen_fd : -1,
        };
        ok = hn_launch(&pid, &what, err);
    }
    if (ok) {
        sup->main_pid = pid;
        sup->main_alive = true;
        sup->main_status = 0;
        atomic_store(&sup->shared->pid, pid);
    }
    if (output >= 0)
        (void)close(output);
    pf_arena_fini(&words.arena);
    return ok ? true : pf_err_prepend(err, "server %s", sup->spec.name);
}
