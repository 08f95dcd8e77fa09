/*
 * Runs a command in a place where the kernel refuses perf events or tracing, as containers and
 * hardened kernels do: a seccomp filter answers perf_event_open(2) with EACCES, ptrace(2) with
 * EPERM or pidfd_open(2) with ENOSYS, and the command inherits it. Needs no right. usage:
 * deny_syscall perf|ptrace|pidfd COMMAND...
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STATUS_NO_FILTER = 125, STATUS_NO_COMMAND = 126 };

static const struct denied {
    const char *name;
    uint32_t number, answer;
} KNOWN[] = {{"perf", SYS_perf_event_open, EACCES},
             {"ptrace", SYS_ptrace, EPERM},
             {"pidfd", SYS_pidfd_open, ENOSYS}};

static const struct denied *find(const char *name)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(KNOWN[i].name, name) == 0)
            return &KNOWN[i];
    return NULL;
}

static int deny(const struct denied *what)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what->number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | what->answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof *steps, steps};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    const struct denied *what = argc > 2 ? find(argv[1]) : NULL;

    if (!what || deny(what) != 0) {
        perror("deny_syscall");
        return STATUS_NO_FILTER;
    }
    (void)execvp(argv[2], argv + 2);
    perror(argv[2]);
    return STATUS_NO_COMMAND;
}
