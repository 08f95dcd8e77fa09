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

struct library {
    void *handle;
    struct client *(*begin)(void);
    void (*end)(struct client *client);
    int (*find_debuginfo)(struct client *client, const unsigned char *build_id, int size,
                          char **path);
    void (*set_progress)(struct client *client, progress_fn progress);
    void (*set_user_data)(struct client *client, void *data);
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

static bool load(struct library *library, struct pf_err *err)
{
    static const char name[] = "libdebuginfod.so.1";
    const struct {
        const char *name;
        void *to;
    } wanted[] = {
        {"debuginfod_begin", &library->begin},
        {"debuginfod_end", &library->end},
        {"debuginfod_find_debuginfo", &library->find_debuginfo},
        {"debuginfod_set_progressfn", &library->set_progress},
        {"debuginfod_set_user_data", &library->set_user_data},
    };

    library->handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (!library->handle)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "DEBUGINFOD_URLS is set, but %s is not installed: install libdebuginfod1",
                          name);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *symbol = dlsym(library->handle, wanted[i].name);
        if (!symbol)
            return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: no %s", name, wanted[i].name);
        memcpy(wanted[i].to, &symbol, sizeof symbol);
    }
    return true;
}

/* Nonzero ends the request. Time starts anew with every byte that arrives. */
static int keep_waiting(struct client *client, long done, long total)
{
    void *(*user_data)(struct client *) = NULL;
    void *symbol = dlsym(RTLD_DEFAULT, "debuginfod_get_user_data");
    uint64_t now = pf_clock_now_ns();

    (void)total;
    memcpy(&user_data, &symbol, sizeof symbol);
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
    if (ok && strlen(found) >= size)
        ok = pf_err_set(err, PF_ERR_LIMIT, "debuginfod: path of its cache is too long");
    if (ok)
        memcpy(path, found, strlen(found) + 1);

    free(found);
    if (library.handle)
        (void)dlclose(library.handle);
    return ok;
}
