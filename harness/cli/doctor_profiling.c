/*
 * The ways into a running server: perf events, ptrace, remote memory, the agent.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/doctor.h"
#include "profiler/attach/agent_host.h"
#include "profiler/attach/perf_access.h"
#include "profiler/attach/tracee.h"
#include "profiler/base/clock.h"
#include "profiler/base/file.h"

/* What an ordinary user may lock for rings by default: perf_event_mlock_kb, 516 KiB a processor. */
enum { RING_PAGES_WANTED = 128, PATIENCE_MS = 5000, YAMA_ABSENT = -1 };

static bool agent_is_there(void)
{
    struct pf_err err = {0};
    char *path = NULL;
    bool found = pf_agent_find(&path, &err) && access(path, R_OK) == 0;

    free(path);
    return found;
}

/* "WHAT IS: CAUSE: REMEDY" of the layer below, cut where its remedy begins. */
static void missing_as(struct hn_finding *out, const struct pf_err *err)
{
    const char *colon = strstr(err->text, "): ");

    if (!colon)
        hn_finding_missing(out, "", "%.300s", err->text);
    else
        hn_finding_missing(out, colon + 3, "%.*s", (int)(colon + 1 - err->text), err->text);
}

void hn_check_perf(struct hn_finding *out)
{
    struct pf_perf_access access = {0};
    struct pf_err err = {0};

    if (!pf_perf_probe(&access, &err)) {
        missing_as(out, &err);
        /* The agent does the same from inside: less convenient, not less capable. */
        if (agent_is_there())
            out->health = HN_HEALTH_LIMITED;
        return;
    }
    const char *clock =
        access.has_cycles ? "hardware cycles" : "the cpu-clock timer (no hardware counters here)";
    if (access.has_kernel)
        hn_finding_works(out, "%s, kernel side included", clock);
    else
        hn_finding_works(
            out, "%s, user code only (perf_event_paranoid=%d; root sees the kernel side, too)",
            clock, access.paranoid);
}

static void *map_ring(int fd, size_t pages)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *ring = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (ring == MAP_FAILED)
        return NULL;
    (void)munmap(ring, (pages + 1) * page);
    return ring;
}

void hn_check_perf_buffers(struct hn_finding *out)
{
    struct perf_event_attr attr;
    size_t pages = RING_PAGES_WANTED;

    pf_perf_carrier(&attr, 1);
    int fd = pf_perf_open(&attr, 0, -1);
    if (fd < 0) {
        hn_finding_limited(out, "see perf events", "cannot be tried without perf events");
        return;
    }
    while (pages > 1 && !map_ring(fd, pages))
        pages /= 2;
    (void)close(fd);
    if (pages == RING_PAGES_WANTED)
        hn_finding_works(out, "a ring of 512 KiB can be mapped");
    else
        hn_finding_limited(out, "sysctl kernel.perf_event_mlock_kb=516, or ulimit -l unlimited",
                           "only %zu KiB of ring can be mapped: more samples may be lost",
                           pages * (size_t)sysconf(_SC_PAGESIZE) / 1024);
}

/* A child that waits; it dies with us. */
static pid_t start_child(void)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child != 0)
        return child;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    for (;;)
        (void)pause();
}

static void end_child(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static int yama_scope(void)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    int scope = YAMA_ABSENT;

    if (pf_file_read(&text, "/proc/sys/kernel/yama/ptrace_scope", 16, &err))
        scope = (int)strtol(pf_buf_cstr(&text), NULL, 10);
    pf_buf_fini(&text);
    return scope;
}

/* CAP_SYS_PTRACE: root has it, root in a container usually not. */
static bool may_trace_any(void)
{
    enum { CAP_SYS_PTRACE_BIT = 19 };
    struct pf_buf text = {0};
    struct pf_err err = {0};
    unsigned long long effective = 0;

    if (pf_file_read(&text, "/proc/self/status", 1 << 16, &err)) {
        const char *line = strstr(pf_buf_cstr(&text), "CapEff:");
        effective = line ? strtoull(line + 7, NULL, 16) : 0;
    }
    pf_buf_fini(&text);
    return effective >> CAP_SYS_PTRACE_BIT & 1;
}

static bool try_ptrace(pid_t child, struct pf_err *err)
{
    struct pf_tracee tracee = {0};

    if (!pf_tracee_seize(&tracee, child, child, err))
        return false;
    pf_tracee_interrupt(&tracee);
    bool stopped = pf_tracee_wait_stop(&tracee, pf_clock_now_ns() + PATIENCE_MS * 1000000ull);
    pf_tracee_release(&tracee);
    return stopped ? true : pf_err_set(err, PF_ERR_SYSTEM, "a child of ours does not stop");
}

void hn_check_ptrace(struct hn_finding *out)
{
    struct pf_err err = {0};
    pid_t child = start_child();
    bool works = child > 0 && try_ptrace(child, &err);
    int scope = yama_scope();

    if (child > 0)
        end_child(child);
    if (!works)
        hn_finding_missing(
            out, "in a container: --cap-add=SYS_PTRACE, or a seccomp profile that allows ptrace",
            "%.300s", err.text);
    else if (may_trace_any())
        hn_finding_works(out, "any process can be looked into");
    else if (scope >= 1)
        hn_finding_limited(out, "sysctl kernel.yama.ptrace_scope=0, or run as root",
                           "only what we start ourselves (yama/ptrace_scope=%d)", scope);
    else
        hn_finding_works(out, "your own processes can be looked into (CAP_SYS_PTRACE: any)");
}

void hn_check_remote_memory(struct hn_finding *out)
{
    static const uint64_t word = 0x6173736179;
    uint64_t copy = 0;
    pid_t child = start_child();
    bool works = child > 0 && pf_tracee_read(child, (uint64_t)(uintptr_t)&word, &copy, sizeof copy)
                 && copy == word;
    int why = errno;

    if (child > 0)
        end_child(child);
    if (works)
        hn_finding_works(out, "process_vm_readv reads another process");
    else
        hn_finding_missing(
            out, "in a container: --cap-add=SYS_PTRACE, or a seccomp profile that allows it",
            "process_vm_readv: %s", strerror(why));
}

void hn_check_agent(struct hn_finding *out)
{
    struct pf_err err = {0};
    char *path = NULL;

    if (!pf_agent_find(&path, &err))
        hn_finding_missing(out, "install Assay whole, or set ASSAY_AGENT to its path", "%.300s",
                           err.text);
    else if (access(path, R_OK) != 0)
        hn_finding_missing(out, "make it readable for everybody", "%.250s: %s", path,
                           strerror(errno));
    else
        hn_finding_works(out, "%.300s", path);
    free(path);
}
