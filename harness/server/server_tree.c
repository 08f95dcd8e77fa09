/* SPDX-License-Identifier: MIT */
#include "harness/server/server_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/base/arena.h"

enum { STAT_LINE_MAX = 1024 };

/* The fields of a line after the name, numbered as in proc(5). */
enum { FIELD_STATE = 3, FIELD_PARENT, FIELD_GROUP, FIELD_START_TIME = 22 };

static bool set_field(struct hn_proc *proc, int field, const char *at)
{
    char *end = NULL;

    if (field == FIELD_STATE) {
        proc->state = *at;
        return *at >= 'A';
    }
    long long value = strtoll(at, &end, 10);
    if (field == FIELD_PARENT)
        proc->parent = (pid_t)value;
    else if (field == FIELD_GROUP)
        proc->group = (pid_t)value;
    else if (field == FIELD_START_TIME)
        proc->start_time = (uint64_t)value;
    return end != at;
}

bool hn_proc_parse(struct hn_proc *out, const char *line)
{
    struct hn_proc proc = {.pid = (pid_t)strtol(line, NULL, 10)};
    /* The name stands in parentheses and may hold any byte, parentheses and newlines too. */
    const char *at = strrchr(line, ')');

    if (!at || proc.pid <= 0)
        return false;
    for (int field = FIELD_STATE; field <= FIELD_START_TIME; field++) {
        at = strchr(at, ' ');
        if (!at || !set_field(&proc, field, ++at))
            return false;
    }
    *out = proc;
    return true;
}

bool hn_proc_read(struct hn_proc *out, pid_t pid)
{
    char path[32];
    char line[STAT_LINE_MAX];

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, line, sizeof line - 1);
    (void)close(fd);
    if (size <= 0)
        return false;
    line[size] = '\0';
    return hn_proc_parse(out, line);
}

static void add(struct hn_proc_tree *all, size_t *room, const struct hn_proc *proc)
{
    if (all->count == *room) {
        *room = *room ? *room * 2 : 256;
        all->at = pf_mem_resize(all->at, *room, sizeof *all->at);
    }
    all->at[all->count++] = *proc;
}

static int by_pid(const void *a, const void *b)
{
    const struct hn_proc *left = a;
    const struct hn_proc *right = b;

    return (left->pid > right->pid) - (left->pid < right->pid);
}

static void read_all(struct hn_proc_tree *all)
{
    DIR *dir = opendir("/proc");
    size_t room = 0;

    if (!dir)
        return;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct hn_proc proc;
        if (isdigit((unsigned char)entry->d_name[0])
            && hn_proc_read(&proc, (pid_t)strtol(entry->d_name, NULL, 10)))
            add(all, &room, &proc);
    }
    (void)closedir(dir);
    if (all->count > 0)
        qsort(all->at, all->count, sizeof *all->at, by_pid);
}

static size_t index_of(const struct hn_proc_tree *all, pid_t pid)
{
    struct hn_proc key = {.pid = pid};
    const struct hn_proc *found =
        all->count ? bsearch(&key, all->at, all->count, sizeof key, by_pid) : NULL;

    return found ? (size_t)(found - all->at) : all->count;
}

/* Mark whoever has root above it. Parents are looked up until nothing new is found, because a pid
 * that wrapped around may be smaller than its parent's. */
static void mark_below(const struct hn_proc_tree *all, pid_t root, bool *below)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < all->count; i++) {
            size_t parent = index_of(all, all->at[i].parent);
            bool is = all->at[i].parent == root || (parent < all->count && below[parent]);
            again |= is && !below[i];
            below[i] |= is;
        }
    }
}

void hn_proc_tree_read(struct hn_proc_tree *out, pid_t root)
{
    struct hn_proc_tree all = {0};

    read_all(&all);
    bool *below = pf_mem_new(all.count + 1, sizeof *below);
    mark_below(&all, root, below);

    size_t kept = 0;
    for (size_t i = 0; i < all.count; i++)
        if (below[i] && all.at[i].state != 'Z' && all.at[i].state != 'X')
            all.at[kept++] = all.at[i];
    all.count = kept;
    free(below);
    *out = all;
}

void hn_proc_tree_fini(struct hn_proc_tree *tree)
{
    free(tree->at);
    *tree = (struct hn_proc_tree){0};
}

/* Through a pidfd, looked at again: the pid may belong to somebody else by now. */
static void kill_exactly(const struct hn_proc *proc)
{
    struct hn_proc now;
    int pidfd = (int)syscall(SYS_pidfd_open, proc->pid, 0);
    bool has_pidfds = pidfd >= 0 || errno != ENOSYS; /* Valgrind 3.19 has none */
    bool is_same = hn_proc_read(&now, proc->pid) && now.start_time == proc->start_time;

    if (is_same && pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    else if (is_same && !has_pidfds)
        (void)kill(proc->pid, SIGKILL);
    if (pidfd >= 0)
        (void)close(pidfd);
}

size_t hn_proc_tree_kill(pid_t root)
{
    struct hn_proc_tree tree;
    pid_t own_group = getpgid(root);

    hn_proc_tree_read(&tree, root);
    for (size_t i = 0; i < tree.count; i++) {
        if (tree.at[i].group > 1 && tree.at[i].group != own_group)
            (void)kill(-tree.at[i].group, SIGKILL);
    }
    for (size_t i = 0; i < tree.count; i++)
        kill_exactly(&tree.at[i]);

    size_t found = tree.count;
    hn_proc_tree_fini(&tree);
    return found;
}
