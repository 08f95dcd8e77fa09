/*
 * The test's own corner: temporary directory, memory limit, network.
 *
 * What was asked for and cannot be had is an error of the test, not a silent difference.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/preload/preload.h"

static void fail(const char *what) __attribute__((noreturn));

static void fail(const char *what)
{
    hn_record_printf(HN_RECORD_ERROR, "%s: %s", what, strerror(errno));
    hn_phase_set(HN_PHASE_ABORTED);
    _exit(3);
}

/* RLIMIT_DATA counts private writable memory, whoever maps it; address space may stay large. */
static void limit_memory(uint64_t bytes)
{
    struct rlimit limit = {bytes, bytes};

    if (setrlimit(RLIMIT_DATA, &limit) != 0)
        fail("the memory limit cannot be set");
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        errno = EPERM;
    (void)close(fd);
}

/* In a user namespace the test keeps its own user and group. */
static void keep_identity(uid_t uid, gid_t gid)
{
    char map[64];

    write_text("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof map, "%u %u 1", (unsigned)uid, (unsigned)uid);
    write_text("/proc/self/uid_map", map);
    (void)snprintf(map, sizeof map, "%u %u 1", (unsigned)gid, (unsigned)gid);
    write_text("/proc/self/gid_map", map);
}

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        fail("the loopback interface of the test's network cannot be read");
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        fail("the loopback interface of the test's network cannot be raised");
    (void)close(fd);
}

static void enter_network(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (unshare(CLONE_NEWNET) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            fail("a network namespace is not permitted here (neither root nor user namespaces)");
        keep_identity(uid, gid);
    }
    raise_loopback();
}

/* What libgcov counted before the fork belongs to nobody's test; without a reset the little that
 * ran there is counted once a test. */
static void reset_coverage(const struct hn_wire_run *run)
{
    void (*reset)(void);
    uint64_t bias = hn_hooks_bias(), address = run->gcov_reset + bias;

    hn_preload.gcov_dump = run->gcov_dump ? run->gcov_dump + bias : 0;
    if (!run->gcov_reset)
        return;
    memcpy(&reset, &address, sizeof reset);
    reset();
}

/* What the mock runtime reads when the body begins (assay/torture_hook.h). */
static void announce_torture(const struct hn_wire_run *run)
{
    char text[64];

    if (!run->torture[0])
        return;
    (void)setenv("ASSAY_TORTURE", run->torture, 1);
    (void)snprintf(text, sizeof text, "%u", run->torture_nth);
    (void)setenv("ASSAY_TORTURE_NTH", text, 1);
    (void)snprintf(text, sizeof text, "/proc/%d/fd/%d", run->torture_pid, run->torture_fd);
    (void)setenv("ASSAY_TORTURE_OUT", text, 1);
}

void hn_isolate(const struct hn_wire_run *run)
{
    char number[32];

    if (run->temp_dir[0])
        (void)setenv("TMPDIR", run->temp_dir, 1);
    if (run->attempt > 1) {
        (void)snprintf(number, sizeof number, "%u", run->attempt);
        (void)setenv("ASSAY_ATTEMPT", number, 1);
    }
    if ((run->flags & HN_WIRE_RUN_CWD) && (!run->temp_dir[0] || chdir(run->temp_dir) != 0))
        fail("its private directory cannot be entered");
    announce_torture(run);
    reset_coverage(run);
    if (run->flags & HN_WIRE_RUN_NETNS)
        enter_network();
    if (run->memory_bytes)
        limit_memory(run->memory_bytes);
}

void hn_coverage_dump(void)
{
    void (*dump)(void);

    if (!hn_preload.gcov_dump)
        return;
    memcpy(&dump, &hn_preload.gcov_dump, sizeof dump);
    hn_preload.gcov_dump = 0;
    dump();
}
