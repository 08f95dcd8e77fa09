/* SPDX-License-Identifier: MIT */
#include "harness/runner/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "harness/runner/watch_tree.h"
#include "profiler/base/clock.h"
#include "profiler/base/spawn.h"

enum { QUIET_MS = 150, PATH_SIZE = 4096 };

enum wake { WAKE_CHANGE, WAKE_KEY, WAKE_QUIT };

struct watching {
    const struct hn_watch *watch;
    char *build; /* NULL: none, the binaries are watched */
    struct hn_watch_tree tree;
    int signal_fd;
    bool is_stdin_open;
};

bool hn_watch_is_source(const char *name)
{
    static const char *const ends[] = {".c",   ".h",   ".cc",    ".cpp",  ".cxx", ".hh",
                                       ".hpp", ".inc", ".cmake", ".snap", ".S",   ".y"};
    const char *dot = strrchr(name, '.');

    if (strcmp(name, "CMakeLists.txt") == 0 || strcmp(name, "meson.build") == 0
        || strcmp(name, "Makefile") == 0)
        return true;
    for (size_t i = 0; dot && name[0] != '.' && i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(dot, ends[i]) == 0)
            return true;
    return false;
}

static void add_binaries(struct watching *now)
{
    char path[PATH_SIZE];

    for (int i = 0; i < now->watch->binary_count; i++) {
        (void)snprintf(path, sizeof path, "%s", now->watch->binaries[i]);
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        hn_watch_tree_add_one(&now->tree, slash ? path : ".");
    }
}

/* The directory with a CMakeCache.txt at or above path; "" if there is none. */
static void find_cache(char out[PATH_SIZE], const char *path)
{
    char at[PATH_SIZE], cache[PATH_SIZE + 32];

    out[0] = '\0';
    if (!realpath(path, at))
        return;
    for (char *slash = at + strlen(at); slash; slash = strrchr(at, '/')) {
        *slash = '\0';
        (void)snprintf(cache, sizeof cache, "%s/CMakeCache.txt", at);
        if (access(cache, R_OK) == 0) {
            (void)strcpy(out, at);
            return;
        }
    }
}

static char *build_command(const struct hn_watch *watch)
{
    char dir[PATH_SIZE] = "";
    char *command = NULL;

    if (watch->build_command)
        return *watch->build_command ? strdup(watch->build_command) : NULL;
    if (watch->build_dir || !watch->binary_count)
        find_cache(dir, watch->build_dir ? watch->build_dir : "build");
    if (!*dir && watch->binary_count)
        find_cache(dir, watch->binaries[0]);
    if (*dir && asprintf(&command, "cmake --build '%s'", dir) < 0)
        return NULL;
    return command;
}

/* In our own process group, so that Ctrl-C reaches it too. False if it could not be started. */
static bool run(char *const *argv, int *status, struct pf_err *err)
{
    struct pf_child child = {0};
    struct pf_spawn spawn = {.argv = argv, .same_group = true};

    if (!pf_child_start(&child, &spawn, err))
        return false;
    (void)pf_child_wait(&child, UINT64_MAX);
    *status = pf_child_exit_status(&child);
    pf_child_fini(&child);
    return true;
}

static bool run_round(struct watching *now, struct pf_err *err)
{
    char *build[] = {"sh", "-c", now->build, NULL};
    int status = 0;

    if (isatty(STDOUT_FILENO))
        (void)fputs("\033[H\033[2J", stdout);
    (void)fflush(stdout);
    if (now->build && !run(build, &status, err))
        return false;
    if (status != 0)
        (void)fprintf(stderr, "assay test: the build ended with status %d: %s\n", status,
                      now->build);
    else if (!run(now->watch->argv, &status, err))
        return false;
    (void)fprintf(stderr, "assay test: watching %u director%s for %s (Enter: again, q: quit)\n",
                  now->tree.directories, now->tree.directories == 1 ? "y" : "ies",
                  now->build ? "sources" : "new binaries");
    return true;
}

static bool names_binary(const struct watching *now, const char *name)
{
    for (int i = 0; i < now->watch->binary_count; i++) {
        const char *slash = strrchr(now->watch->binaries[i], '/');
        if (strcmp(slash ? slash + 1 : now->watch->binaries[i], name) == 0)
            return true;
    }
    return false;
}

/* Take what inotify has; was any of it about us? */
static bool take_changes(struct watching *now)
{
    char events[16 * 1024] __attribute__((aligned(8)));
    bool found = false;

    ssize_t size = read(now->tree.inotify_fd, events, sizeof events);
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const void *)(events + at);
        found |= now->build && hn_watch_tree_grow(&now->tree, event);
        found |= event->len && !(event->mask & IN_CREATE) /* it is written to, too */
                 && (now->build ? hn_watch_is_source(event->name) : names_binary(now, event->name));
        at += (ssize_t)(sizeof *event + event->len);
    }
    return found;
}

static enum wake take_key(struct watching *now)
{
    char line[64];
    ssize_t size = read(STDIN_FILENO, line, sizeof line);

    if (size <= 0)
        now->is_stdin_open = false;
    return size > 0 && (line[0] == 'q' || line[0] == 'Q') ? WAKE_QUIT : WAKE_KEY;
}

/* A key shall count without Enter while we wait, and only then: a round has its terminal as it was.
 * From the background the terminal is not ours to change. */
static bool take_keys(struct termios *before)
{
    pid_t owner = tcgetpgrp(STDIN_FILENO);

    if ((owner > 0 && owner != getpgrp()) || tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    struct termios keys = *before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    return tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
}

/* Wait for a change and then for quiet, for a key, or for the end. */
static enum wake wait_for_any(struct watching *now)
{
    bool changed = false;

    for (;;) {
        struct pollfd from[] = {{now->tree.inotify_fd, POLLIN, 0},
                                {now->signal_fd, POLLIN, 0},
                                {now->is_stdin_open ? STDIN_FILENO : -1, POLLIN, 0}};
        int ready = poll(from, 3, changed ? QUIET_MS : -1);
        if (ready == 0)
            return WAKE_CHANGE;
        if (from[1].revents)
            return WAKE_QUIT;
        if (from[0].revents)
            changed |= take_changes(now);
        if (from[2].revents) {
            enum wake wake = take_key(now);
            if (wake == WAKE_QUIT || now->is_stdin_open)
                return wake;
        }
    }
}

static enum wake wait_for_change(struct watching *now)
{
    struct termios before;
    bool has_keys = take_keys(&before);
    enum wake wake = wait_for_any(now);

    if (has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return wake;
}

static bool open_all(struct watching *now, struct pf_err *err)
{
    sigset_t ending;

    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ending, NULL);
    now->signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    now->tree.inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (now->tree.inotify_fd < 0 || now->signal_fd < 0)
        return pf_err_sys(err, errno, "inotify (fs.inotify.max_user_instances may be too low)");
    now->build = build_command(now->watch);
    if (now->build)
        (void)hn_watch_tree_add(&now->tree, ".");
    else
        add_binaries(now);
    if (!now->tree.directories)
        return pf_err_set(err, PF_ERR_USAGE,
                          "nothing to watch: name the binaries, or run it in the source directory");
    return true;
}

int hn_watch_run(const struct hn_watch *watch, struct pf_err *err)
{
    struct watching now = {
        .watch = watch, .tree.inotify_fd = -1, .signal_fd = -1, .is_stdin_open = true};

    bool ok = open_all(&now, err);
    do
        ok = ok && run_round(&now, err);
    while (ok && wait_for_change(&now) != WAKE_QUIT);
    free(now.build);
    if (now.tree.inotify_fd >= 0)
        (void)close(now.tree.inotify_fd);
    hn_watch_tree_fini(&now.tree);
    if (now.signal_fd >= 0)
        (void)close(now.signal_fd);
    return ok ? 0 : pf_err_exit_status(err->code);
}
