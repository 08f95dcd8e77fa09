/* SPDX-License-Identifier: MIT */
#include "profiler/agent/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/collector_link.h"
#include "profiler/agent/inherited_blocks.h"
#include "profiler/agent/regs_here.h"
#include "profiler/agent/stop_threads.h"

enum { SPARE_THREADS = 32 }; /* that may be made while the others stop */

static _Atomic uint32_t has_left; /* the process asked already, or is asking */
static int line = -1;             /* a connection kept for the end */

void ag_leave_fork_child(void)
{
    atomic_store(&has_left, 0);
    if (line >= 0)
        (void)close(line);
    line = -1;
}

/* Memory of the region's work area, page-aligned by nobody: the collector reads it there. */
static void *work_memory(struct pf_region *region, uint64_t size, uint64_t *at)
{
    uint64_t begin = atomic_fetch_add(&region->work_next, size + PF_REGION_LINE);

    if (begin > region->sizes.work_bytes
        || region->sizes.work_bytes - begin < size + PF_REGION_LINE)
        return NULL;
    *at = region->work_at + (begin + PF_REGION_LINE - 1) / PF_REGION_LINE * PF_REGION_LINE;
    return pf_region_part(region, *at);
}

/* The caller's own registers, before the others'. */
static void keep_own(struct pf_leave_thread *own, const struct pf_regs *regs)
{
    static const enum pf_reg kept[] = {PF_REG_RBX, PF_REG_RBP, PF_REG_R12,
                                       PF_REG_R13, PF_REG_R14, PF_REG_R15};

    own->live_from = regs->at[PF_REG_RSP];
    __asm__("movq %%fs:0, %0" : "=r"(own->control_block));
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++)
        own->words[own->word_count++] = regs->at[kept[i]];
}

static bool send_leave(int fd, const struct pf_leave *leave)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)leave, .iov_len = sizeof *leave};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    if (memory >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &memory, sizeof memory);
    }
    bool ok = sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *leave;
    if (memory >= 0)
        (void)close(memory);
    return ok;
}

static bool wait_for_answer(int fd)
{
    struct timeval limit = {.tv_sec = PF_LEAVE_TIMEOUT_S};
    char byte;
    ssize_t got;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    do
        got = recv(fd, &byte, sizeof byte, 0);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static bool converse(int fd, struct pf_region *region, const struct pf_regs *regs)
{
    uint32_t room = ag_threads_count() + SPARE_THREADS;
    struct pf_leave leave = {.magic = PF_HANDSHAKE_LEAVE};
    uint64_t tids_at;
    struct pf_leave_thread *threads =
        work_memory(region, room * sizeof *threads, &leave.threads_at);
    uint32_t *tids = work_memory(region, room * sizeof *tids, &tids_at);

    if (!threads || !tids) {
        errno = ENOMEM;
        return false;
    }
    keep_own(&threads[0], regs);
    struct ag_stopped stopped = {.threads = threads + 1, .tids = tids, .capacity = room - 1};
    ag_threads_stop(&stopped);
    leave.thread_count = 1 + stopped.count;
    leave.missed = stopped.missed;
    bool ok = send_leave(fd, &leave) && wait_for_answer(fd);
    int why = errno;
    ag_threads_release(&stopped);
    errno = why;
    return ok;
}

static enum ag_left ask(struct pf_region *region, const struct pf_regs *regs)
{
    int fd = line >= 0 ? line : ag_connect(ag_agent.address);

    line = -1;
    if (fd < 0)
        return AG_LEFT_ALONE;
    bool ok = converse(fd, region, regs);
    int why = errno;
    (void)close(fd);
    errno = why;
    return ok ? AG_LEFT_ASKED : AG_LEFT_ALONE;
}

enum ag_left ag_leave(const struct pf_regs *regs)
{
    struct pf_region *region = ag_region_now();

    /* A child of vfork shares all of this with its parent and is not the one to leave. */
    if (!region || !(ag_agent.welcome & PF_WELCOME_WAIT)
        || (uint32_t)syscall(SYS_getpid) != ag_agent.pid || atomic_exchange(&has_left, 1))
        return AG_LEFT_NOT_OURS;
    return ask(region, regs);
}

static int begin_test(void)
{
    struct pf_region *region = ag_region_now();

    atomic_store(&has_left, 1); /* until its end: a test that exits on its way is not looked at */
    if (region)
        ag_inherited_adopt(region);
    return region ? 0 : ENOTCONN;
}

static int end_test(const struct pf_regs *regs)
{
    atomic_store(&has_left, 0);
    enum ag_left left = ag_leave(regs);
    int why = errno ? errno : EIO;

    atomic_store(&has_left, 1);
    return left == AG_LEFT_ASKED ? 0 : left == AG_LEFT_NOT_OURS ? ENOTCONN : why;
}

/* Its frame lives on while the collector looks: what the test's functions left below is dead. */
__attribute__((noinline)) int assay_agent_test(int step)
{
    struct pf_regs regs;
    int kept_errno = errno;
    int why = 0;

    memset(&regs, 0, sizeof regs);
    ag_regs_here(&regs);
    errno = 0;
    if (step == AG_TEST_LINE)
        line = ag_connect(ag_agent.address);
    else if (step == AG_TEST_BEGIN)
        why = begin_test();
    else
        why = end_test(&regs);
    errno = kept_errno;
    return why;
}
