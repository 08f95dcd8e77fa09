/* SPDX-License-Identifier: MIT */
#include "profiler/symbol/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/clock.h"

/* elfutils' stable C interface, debuginfod_find_debuginfo(3); version 1 of the library. */
struct client;
typedef int (*progress_fn)(struct client *client, long done, long total);

typedef void (*any_fn)(void);
typedef struct client *(*begin_fn)(void);
typedef void (*end_fn)(struct client *client);
typedef int (*find_fn)(struct client *client, const unsigned char *build_id, int size, char **path);
typedef void (*set_progress_fn)(struct client *client, progress_fn progress);
typedef void (*set_user_data_fn)(struct client *client, void *data);
typedef void *(*get_user_data_fn)(struct client *client);

struct library {
    void *handle;
    begin_fn begin;
    end_fn end;
    find_fn find_debuginfo;
    set_progress_fn set_progress;
    set_user_data_fn set_user_data;
};

struct patience {
    uint64_t deadline_ns;
    long done;
};

bool pf_debuginfod_is_set(void)
{
    const char *urls = getenv("DEBUGINFOD_URLS");

    return urls && urls[strspn(urls, " ")] != '\0';
}

/* dlsym(3) hands out functions as objects. */
static any_fn find_function(void *handle, const char *name)
{
    union {
        void *object;
        any_fn function;
    } symbol = {dlsym(handle, name)};

    return symbol.function;
}

static bool load(struct library *library, struct pf_err *err)
{
    static const char name[] = "libdebuginfod.so.1";

    library->handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!library->handle) {
        (void)pf_err_set(err, PF_ERR_UNSUPPORTED,
                         "DEBUGINFOD_URLS is set, but %s is not installed: install libdebuginfod1",
                         name);
        return false;
    }
    library->begin = (begin_fn)find_function(library->handle, "debuginfod_begin");
    library->end = (end_fn)find_function(library->handle, "debuginfod_end");
    library->find_debuginfo = (find_fn)find_function(library->handle, "debuginfod_find_debuginfo");
    library->set_progress =
        (set_progress_fn)find_function(library->handle, "debuginfod_set_progressfn");
    library->set_user_data =
        (set_user_data_fn)find_function(library->handle, "debuginfod_set_user_data");
    if (!library->begin || !library->end || !library->find_debuginfo || !library->set_progress
        || !library->set_user_data) {
        (void)pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: too old, it lacks functions of 2020", name);
        return false;
    }
    return true;
}

/* Nonzero ends the request. Time starts anew with every byte that arrives. */
static int keep_waiting(struct client *client, long done, long total)
{
    get_user_data_fn user_data =
        (get_user_data_fn)find_function(RTLD_DEFAULT, "debuginfod_get_user_data");
    uint64_t now = pf_clock_now_ns();

    (void)total;
    struct patience *patience = user_data ? user_data(client) : NULL;
    if (!patience)
        return 1;
    if (done > patience->done) {
        patience->done = done;
        patience->deadline_ns = now + PF_DEBUGINFOD_SECONDS * 1000000000ULL;
    }
    return now > patience->deadline_ns;
}

static bool ask(const struct library *library, const char *build_id, char **path,
                struct pf_err *err)
{
    struct client *client = library->begin();
    struct patience patience = {.deadline_ns =
                                    pf_clock_now_ns() + PF_DEBUGINFOD_SECONDS * 1000000000ULL};

    if (!client)
        return pf_err_set(err, PF_ERR_SYSTEM, "debuginfod: no client");
    library->set_user_data(client, &patience);
    library->set_progress(client, keep_waiting);
    /* Size 0: build_id is hexadecimal text. */
    int fd = library->find_debuginfo(client, (const unsigned char *)build_id, 0, path);
    library->end(client);
    if (fd < 0)
        return pf_err_sys(err, -fd, "debuginfod: build id %s", build_id);
    (void)close(fd);
    return true;
}

bool pf_debuginfod_find(char *path, size_t size, const char *build_id, struct pf_err *err)
{
    struct library library = {0};
    char *found = NULL;

    if (build_id[0] == '\0')
        return pf_err_set(err, PF_ERR_NOT_FOUND, "debuginfod: the object has no build id");

    bool ok = load(&library, err) && ask(&library, build_id, &found, err);
    if (ok && (!found || strlen(found) >= size))
        ok = pf_err_set(err, PF_ERR_LIMIT, "debuginfod: path of its cache is too long");
    if (ok && found)
        memcpy(path, found, strlen(found) + 1);

    free(found);
    if (library.handle)
        (void)dlclose(library.handle);
    return ok;
}
