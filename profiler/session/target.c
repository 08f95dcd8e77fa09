/* SPDX-License-Identifier: MIT */
#include "profiler/session/target.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/session/record.h"

enum { COMMAND_GRACE_MS = 5000, STATUS_BYTES = 4096 };

/* The process a thread belongs to; 0 if there is no such thread. */
static pid_t thread_owner(pid_t tid)
{
    char path[64];
    char text[STATUS_BYTES];
    const char *line = NULL;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    if (pf_proc_read_text(path, text, sizeof text))
        line = strstr(text, "\nTgid:");
    return line ? (pid_t)strtol(line + 6, NULL, 10) : 0;
}

static bool explain_missing(pid_t pid, struct pf_err *err)
{
    pid_t owner = thread_owner(pid);

    if (owner > 0 && owner != pid)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%d is a thread of process %d: use -p %d",
                          (int)pid, (int)owner, (int)owner);
    return pf_err_set(err, PF_ERR_NOT_FOUND,
                      "there is no process %d: pgrep -a NAME or ps -e list those that run",
                      (int)pid);
}

static void name_owner(pid_t pid, char *out, size_t size)
{
    char path[32];
    struct stat about;

    (void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (stat(path, &about) != 0) {
        (void)snprintf(out, size, "another user");
        return;
    }
    const struct passwd *user = getpwuid(about.st_uid);
    if (about.st_uid == geteuid())
        (void)snprintf(out, size, "you, but has changed its user or rights since it started");
    else if (user)
        (void)snprintf(out, size, "user %s", user->pw_name);
    else
        (void)snprintf(out, size, "user id %u", (unsigned)about.st_uid);
}

static bool explain_denied(pid_t pid, struct pf_err *err)
{
    char owner[128];
    struct pf_proc_stat stat;
    const char *comm = pf_proc_stat_read(&stat, pid, 0) ? stat.comm : "?";

    name_owner(pid, owner, sizeof owner);
    return pf_err_set(err, PF_ERR_DENIED,
                      "process %d (%s) may not be looked at: it belongs to %s: %s", (int)pid, comm,
                      owner,
                      geteuid() == 0 ? "root needs CAP_SYS_PTRACE for it (a container may lack it)"
                                     : "run as root or as that user");
}

/* A process whose maps can be read can be profiled: the kernel asks for the same right. */
static bool check_access(pid_t pid, struct pf_err *err)
{
    char path[32];
    char byte;
    ssize_t got = -1;
    int why;

    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    why = errno;
    if (fd >= 0) {
        got = read(fd, &byte, 1);
        why = got < 0 ? errno : 0;
        (void)close(fd);
    }
    if (got > 0)
        return true;
    if (why == EACCES || why == EPERM)
        return explain_denied(pid, err);
    if (why == 0)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "process %d has no user memory (a kernel thread, or it has just ended): "
                          "there is no stack to read; a kernel thread's own is in /proc/%d/stack, "
                          "for root",
                          (int)pid, (int)pid);
    return explain_missing(pid, err);
}

static void close_process(const struct pf_target_process *process)
{
    if (process->pidfd >= 0)
        (void)close(process->pidfd);
}

/* Where nobody may have pidfds (an old kernel, a container, Valgrind), when it started tells. */
static bool open_process(struct pf_target_process *out, pid_t pid, struct pf_err *err)
{
    struct pf_target_process process = {.pid = pid};
    struct pf_proc_stat stat = {0};

    process.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool is_there = thread_owner(pid) == pid && pf_proc_stat_read(&stat, pid, 0);
    bool ok = is_there ? check_access(pid, err) : explain_missing(pid, err);
    if (!ok) {
        close_process(&process);
        return false;
    }
    if (process.pidfd >= 0)
        (void)fcntl(process.pidfd, F_SETFD, FD_CLOEXEC);
    process.start_ticks = stat.start_ticks;
    *out = process;
    return true;
}

static bool is_listed(const struct pf_target *target, pid_t pid)
{
    for (uint32_t i = 0; i < target->process_count; i++)
        if (target->processes[i].pid == pid)
            return true;
    return false;
}

bool pf_target_open(struct pf_target *out, const struct pf_record_options *options,
                    struct pf_err *err)
{
    struct pf_target target = {0};
    bool ok = true;

    target.processes = pf_mem_new(options->pid_count + 1, sizeof *target.processes);
    for (uint32_t i = 0; ok && i < options->pid_count; i++) {
        if (is_listed(&target, options->pids[i]))
            continue;
        ok = open_process(&target.processes[target.process_count], options->pids[i], err);
        target.process_count += ok;
    }
    target.has_command = options->argv != NULL;
    target.spawn = (struct pf_spawn){
        .keep_stdin = true, .same_group = true, .hold = true, .ignored = options->ignored_signals};
    if (ok)
        *out = target;
    else
        pf_target_close(&target);
    return ok;
}

static char **join_argv(const struct pf_target *target, char *const *argv)
{
    uint32_t count = 0;

    while (argv[count])
        count++;
    char **joined = pf_mem_new(target->before_count + count + 1, sizeof *joined);
    for (uint32_t i = 0; i < target->before_count; i++)
        joined[i] = (char *)(uintptr_t)target->before[i];
    memcpy(joined + target->before_count, argv, count * sizeof *joined);
    return joined;
}

bool pf_target_start(struct pf_target *target, const struct pf_record_options *options,
                     struct pf_err *err)
{
    if (!target->has_command)
        return true;

    char **argv = join_argv(target, options->argv);
    target->spawn.argv = argv;
    (void)snprintf(target->name, sizeof target->name, "%.255s", argv[0]);
    bool ok = pf_child_start(&target->command, &target->spawn, err);
    target->spawn.argv = NULL;
    free(argv);
    if (!ok)
        return false;
    target->is_held = target->spawn.hold;
    target->processes[target->process_count++] =
        (struct pf_target_process){.pid = target->command.pid, .pidfd = -1};
    return true;
}

bool pf_target_release(struct pf_target *target, struct pf_err *err)
{
    if (!target->is_held)
        return true;
    target->is_held = false;
    return pf_child_release(&target->command, err) || pf_err_prepend(err, "%s", target->name);
}

static bool is_gone(const struct pf_target_process *process)
{
    struct pf_proc_stat stat;

    return !pf_proc_stat_read(&stat, process->pid, 0) || stat.start_ticks != process->start_ticks
           || stat.state == 'Z' || stat.state == 'X';
}

static bool has_process_ended(struct pf_target *target, struct pf_target_process *process)
{
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

    if (process->has_ended)
        return true;
    if (process->pidfd >= 0)
        process->has_ended = poll(&ended, 1, 0) > 0;
    else if (process->start_ticks)
        process->has_ended = is_gone(process);
    else
        process->has_ended = pf_child_wait(&target->command, 0);
    return process->has_ended;
}

bool pf_target_has_ended(struct pf_target *target)
{
    bool all = true;

    for (uint32_t i = 0; i < target->process_count; i++)
        all = has_process_ended(target, &target->processes[i]) && all;
    return all;
}

uint32_t pf_target_ended_count(const struct pf_target *target)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < target->process_count; i++)
        count += target->processes[i].has_ended;
    return count;
}

/* The command shares our process group, so that a terminal's Ctrl-C reaches it: end it alone. */
static void stop_command(struct pf_child *command)
{
    if (command->pid > 0 && !command->reaped) {
        (void)kill(command->pid, SIGTERM);
        if (!pf_child_wait(command, pf_clock_now_ns() + COMMAND_GRACE_MS * UINT64_C(1000000))) {
            (void)kill(command->pid, SIGKILL);
            (void)pf_child_wait(command, UINT64_MAX);
        }
    }
    pf_child_fini(command);
}

bool pf_target_make_work_dir(struct pf_target *target, struct pf_err *err)
{
    const char *parent = getenv("TMPDIR");
    int size = snprintf(target->work_dir, sizeof target->work_dir, "%s/assay-XXXXXX",
                        parent && parent[0] ? parent : "/tmp");

    if (size < 0 || (size_t)size >= sizeof target->work_dir)
        (void)snprintf(target->work_dir, sizeof target->work_dir, "/tmp/assay-XXXXXX");
    if (!mkdtemp(target->work_dir)) {
        (void)pf_err_sys(err, errno, "%s: temporary directory", target->work_dir);
        target->work_dir[0] = '\0';
        return false;
    }
    /* A server may give up root before its profile is written. */
    (void)chmod(target->work_dir, S_IRWXU | S_IRWXG | S_IRWXO | S_ISVTX);
    return true;
}

const char *pf_target_word(struct pf_target *target, const char *fmt, ...)
{
    assert(target->word_count < PF_TARGET_WORDS_MAX);
    char *word = target->words[target->word_count++];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(word, PF_TARGET_WORD_BYTES, fmt, args);
    va_end(args);
    return word;
}

static void remove_work_dir(struct pf_target *target)
{
    DIR *dir = target->work_dir[0] ? opendir(target->work_dir) : NULL;
    struct dirent *entry = NULL;

    if (!dir)
        return;
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_type != DT_DIR)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(target->work_dir);
    target->work_dir[0] = '\0';
}

void pf_target_close(struct pf_target *target)
{
    for (uint32_t i = 0; i < target->process_count; i++)
        close_process(&target->processes[i]);
    free(target->processes);
    target->processes = NULL;
    target->process_count = 0;
    if (target->command.pid > 0)
        stop_command(&target->command);
    remove_work_dir(target);
}

void pf_target_describe(pid_t pid, char *out, unsigned size)
{
    char path[32];
    struct pf_proc_stat stat;
    ssize_t got = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, out, size - 1);
        (void)close(fd);
    }
    while (got > 0 && (out[got - 1] == '\0' || out[got - 1] == ' '))
        got--;
    for (ssize_t i = 0; i < got; i++)
        if ((unsigned char)out[i] < ' ')
            out[i] = ' ';
    out[got > 0 ? got : 0] = '\0';
    if (got <= 0 && pf_proc_stat_read(&stat, pid, 0))
        (void)snprintf(out, size, "[%s]", stat.comm);
}
