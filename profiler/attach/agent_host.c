/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "profiler/attach/agent_region.h"
#include "profiler/base/arena.h"
#include "profiler/base/clock.h"
#include "profiler/base/fd_pass.h"
#include "profiler/trace/given_rows.h"

enum { BACKLOG = 1024, CALLS_MAX = 4096 };

static void make_token(char *out)
{
    uint8_t bytes[PF_HANDSHAKE_TOKEN / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* cannot happen for so few bytes: getrandom(2) */
    for (unsigned i = 0; i < sizeof bytes; i++)
        (void)snprintf(out + (size_t)2 * i, 3, "%02x", bytes[i]);
}

static bool watch(struct pf_agent_host *host, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(host->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool bind_to_name(struct pf_agent_host *host)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(host->address);

    memcpy(name.sun_path + 1, host->address, size);
    socklen_t name_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    return bind(host->listen_fd, (struct sockaddr *)&name, name_size) == 0
           && listen(host->listen_fd, BACKLOG) == 0;
}

bool pf_agent_host_open(struct pf_agent_host *out, const struct pf_region_sizes *sizes,
                        struct pf_err *err)
{
    struct pf_agent_host host = {.sizes = *sizes, .wants = PF_REGION_HEAP, .poll_fd = -1};

    make_token(host.token);
    (void)snprintf(host.address, sizeof host.address, "assay-%d-%.8s", (int)getpid(), host.token);
    make_token(host.token); /* the address is public, the token is not */
    host.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    host.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (host.listen_fd < 0 || host.poll_fd < 0 || !bind_to_name(&host)
        || !watch(&host, host.listen_fd)) {
        int why = errno;
        pf_agent_host_close(&host);
        return pf_err_sys(err, why, "a local socket for the agent cannot be opened");
    }
    *out = host;
    return true;
}

void pf_agent_host_close(struct pf_agent_host *host)
{
    for (uint32_t i = 0; i < host->process_count; i++)
        pf_agent_host_release(host, i);
    for (uint32_t i = 0; i < host->call_count; i++)
        (void)close(host->calls[i].fd);
    if (host->listen_fd > 0)
        (void)close(host->listen_fd);
    if (host->poll_fd > 0)
        (void)close(host->poll_fd);
    for (uint32_t i = 0; i < host->given_count; i++)
        free(host->given[i].bytes);
    free(host->given);
    free(host->processes);
    free(host->calls);
    *host = (struct pf_agent_host){.listen_fd = -1, .poll_fd = -1};
}

char *pf_agent_host_invitation(const struct pf_agent_host *host)
{
    char *text = NULL;

    if (asprintf(&text, PF_HANDSHAKE_VARIABLE "=%s:%s", host->address, host->token) < 0)
        abort();
    return text;
}

char *pf_agent_preload(const char *agent_path)
{
    const char *before = getenv("LD_PRELOAD");
    char *text = NULL;
    bool has = before && *before;

    if (asprintf(&text, "LD_PRELOAD=%s%s%s", agent_path, has ? ":" : "", has ? before : "") < 0)
        abort();
    return text;
}

void pf_agent_host_give(struct pf_agent_host *host, uint64_t content, struct pf_bytes block)
{
    for (uint32_t i = 0; i < host->given_count; i++)
        if (host->given[i].content == content)
            return;
    if (host->given_count == host->given_capacity) {
        host->given_capacity = host->given_capacity ? host->given_capacity * 2 : 16;
        host->given = pf_mem_resize(host->given, host->given_capacity, sizeof *host->given);
    }
    void *copy = pf_mem_new(1, block.size);
    memcpy(copy, block.at, block.size);
    host->given[host->given_count++] = (struct pf_given_block){content, copy, block.size};
}

static bool take_if_there(char **out, const char *dir, size_t dir_size, const char *rest)
{
    char *path = NULL;

    if (asprintf(&path, "%.*s%s", (int)dir_size, dir, rest) < 0)
        abort();
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0) {
        *out = path;
        return true;
    }
    free(path);
    return false;
}

bool pf_agent_find(char **out, struct pf_err *err)
{
    static const char *const places[] = {"/../lib/assay/libassay-agent.so",
                                         "/../lib/x86_64-linux-gnu/assay/libassay-agent.so",
                                         "/libassay-agent.so"};
    const char *named = getenv("ASSAY_AGENT");
    char exe[4096];

    if (named && *named) {
        if (take_if_there(out, named, strlen(named), ""))
            return true;
        return pf_err_sys(err, errno, "%s (named by ASSAY_AGENT)", named);
    }
    ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[size > 0 ? size : 0] = 0;
    const char *slash = strrchr(exe, '/');
    for (unsigned i = 0; slash && i < sizeof places / sizeof *places; i++)
        if (take_if_there(out, exe, (size_t)(slash - exe), places[i]))
            return true;
    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "libassay-agent.so is not beside %s nor in ../lib/assay: install it there or "
                      "name it in ASSAY_AGENT",
                      exe);
}

static struct pf_agent_process *new_process(struct pf_agent_host *host)
{
    if (host->process_count == PF_AGENT_PROCESSES_MAX)
        return NULL;
    if (host->process_count == host->process_capacity) {
        host->process_capacity = host->process_capacity ? host->process_capacity * 2 : 16;
        host->processes =
            pf_mem_resize(host->processes, host->process_capacity, sizeof *host->processes);
    }
    struct pf_agent_process *process = &host->processes[host->process_count];
    *process = (struct pf_agent_process){0};
    return process;
}

/* A region for a new caller; its descriptor, or -1. */
static int admit(struct pf_agent_host *host, const struct pf_hello *hello, pid_t pid)
{
    struct pf_agent_process *process = new_process(host);
    int fd = process ? pf_agent_region_make(&host->sizes, &process->region) : -1;

    if (fd < 0) {
        host->refused_errno = errno;
        return -1;
    }
    process->pid = pid;
    atomic_store(&process->region->wants, host->wants);
    atomic_store(&process->region->sample_hz, host->sample_hz);
    for (uint32_t i = 0; i < host->given_count; i++)
        (void)pf_given_rows_put(process->region, host->given[i].content,
                                (struct pf_bytes){host->given[i].bytes, host->given[i].size});
    process->region_bytes = process->region->size_bytes;
    process->start_ns = pf_clock_now_ns();
    process->is_fork = hello->reason == PF_HELLO_FORK;
    process->parent = (pid_t)hello->parent;
    memcpy(process->image, hello->image, sizeof process->image);
    memcpy(process->exe, hello->exe, sizeof process->exe);
    process->exe[sizeof process->exe - 1] = 0;
    host->process_count++;
    return fd;
}

/* A process that says hello again has exec'ed, or goes by the number of one that ended. */
static void end_earlier(struct pf_agent_host *host, pid_t pid)
{
    struct pf_agent_process *earlier = pf_agent_host_find(host, pid);

    if (earlier)
        earlier->is_over = true;
}

/* The agent may be in a process twice (preloaded and linked): the second one stays passive. */
static bool is_twice(struct pf_agent_host *host, const struct pf_hello *hello, pid_t pid)
{
    const struct pf_agent_process *known = pf_agent_host_find(host, pid);

    return known && hello->reason == PF_HELLO_START && !known->is_fork
           && memcmp(known->image, hello->image, sizeof known->image) == 0;
}

/* region_fd: -1 for none. */
static bool send_welcome(int fd, const struct pf_welcome *welcome, int region_fd)
{
    return pf_fds_send(fd, (struct pf_bytes){welcome, sizeof *welcome}, &region_fd, region_fd >= 0,
                       MSG_DONTWAIT);
}

/* Returns whether the call goes on (the agent has yet to say that it mapped the region). */
static bool answer_hello(struct pf_agent_host *host, struct pf_agent_call *call,
                         const struct pf_hello *hello)
{
    struct pf_welcome welcome = {.magic = PF_HANDSHAKE_MAGIC,
                                 .version = PF_HANDSHAKE_VERSION,
                                 .flags = PF_WELCOME_HEAP,
                                 .region_bytes = pf_region_bytes(&host->sizes)};
    int fd = -1;

    if (hello->magic != PF_HANDSHAKE_MAGIC || hello->version != PF_HANDSHAKE_VERSION
        || memcmp(hello->token, host->token, PF_HANDSHAKE_TOKEN) != 0)
        return false;
    if (!is_twice(host, hello, call->pid)) {
        end_earlier(host, call->pid);
        fd = admit(host, hello, call->pid);
    }
    if (fd < 0) {
        host->refused++;
        (void)send_welcome(call->fd, &welcome, -1);
        return false;
    }
    welcome.is_accepted = 1;
    call->process = host->process_count - 1;
    if (host->visits.joined)
        welcome.flags |= host->visits.joined(host->visits.to, &host->processes[call->process]);
    call->is_welcomed = send_welcome(call->fd, &welcome, fd);
    (void)close(fd);
    return call->is_welcomed;
}

/* A process at its end, standing still until it is answered. */
static void answer_leave(struct pf_agent_host *host, const struct pf_agent_call *call,
                         const struct pf_leave *leave, int memory_fd)
{
    const struct pf_agent_process *process = pf_agent_host_find(host, call->pid);

    if (process && process->is_mapped && host->visits.left)
        host->visits.left(host->visits.to, process, leave, memory_fd);
    (void)send(call->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

union heard {
    struct pf_hello hello;
    struct pf_mapped mapped;
    struct pf_leave leave;
};

/* One message, and the descriptor it carries in *fd, -1 if none. */
static ssize_t receive(int from, union heard *message, int *fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
    struct msghdr head = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
    ssize_t got = recvmsg(from, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *found = got >= 0 ? CMSG_FIRSTHDR(&head) : NULL;

    *fd = -1;
    if (found && found->cmsg_level == SOL_SOCKET && found->cmsg_type == SCM_RIGHTS
        && found->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(fd, CMSG_DATA(found), sizeof *fd);
    return got;
}

/* One message of a caller. Returns whether the call goes on. */
static bool hear(struct pf_agent_host *host, struct pf_agent_call *call)
{
    union heard message;
    int carried_fd;
    ssize_t got = receive(call->fd, &message, &carried_fd);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got == (ssize_t)sizeof message.leave && message.leave.magic == PF_HANDSHAKE_LEAVE)
        answer_leave(host, call, &message.leave, carried_fd);
    if (carried_fd >= 0)
        (void)close(carried_fd);
    if (!call->is_welcomed)
        return got == (ssize_t)sizeof message.hello && answer_hello(host, call, &message.hello);
    if (got == (ssize_t)sizeof message.mapped && message.mapped.magic == PF_HANDSHAKE_MAGIC) {
        struct pf_agent_process *process = &host->processes[call->process];
        process->is_mapped = message.mapped.sys_errno == 0;
        process->map_errno = message.mapped.sys_errno;
    }
    return false;
}

static void accept_calls(struct pf_agent_host *host)
{
    int fd;

    while ((fd = accept4(host->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct ucred peer = {0};
        socklen_t size = sizeof peer;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0
            || host->call_count == CALLS_MAX || !watch(host, fd)) {
            (void)close(fd);
            continue;
        }
        if (host->call_count == host->call_capacity) {
            host->call_capacity = host->call_capacity ? host->call_capacity * 2 : 16;
            host->calls = pf_mem_resize(host->calls, host->call_capacity, sizeof *host->calls);
        }
        host->calls[host->call_count++] = (struct pf_agent_call){.fd = fd, .pid = peer.pid};
    }
}

static void hear_call(struct pf_agent_host *host, int fd)
{
    for (uint32_t i = 0; i < host->call_count; i++) {
        if (host->calls[i].fd != fd)
            continue;
        if (!hear(host, &host->calls[i])) {
            (void)close(fd); /* leaves the epoll set by itself */
            host->calls[i] = host->calls[--host->call_count];
        }
        return;
    }
}

void pf_agent_host_serve(struct pf_agent_host *host)
{
    struct epoll_event events[64];
    int count = epoll_wait(host->poll_fd, events, 64, 0);

    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == host->listen_fd)
            accept_calls(host);
        else
            hear_call(host, events[i].data.fd);
    }
}

/* The calls of those behind it refer to them by their place. */
static void forget_image(struct pf_agent_host *host, uint32_t index)
{
    struct pf_agent_process *process = &host->processes[index];

    (void)munmap(process->region, process->region_bytes);
    memmove(process, process + 1, (host->process_count - index - 1) * sizeof *process);
    host->process_count--;
    for (uint32_t i = 0; i < host->call_count; i++)
        if (host->calls[i].is_welcomed && host->calls[i].process > index)
            host->calls[i].process--;
}

static bool is_calling(const struct pf_agent_host *host, uint32_t process)
{
    for (uint32_t i = 0; i < host->call_count; i++)
        if (host->calls[i].is_welcomed && host->calls[i].process == process)
            return true;
    return false;
}

void pf_agent_host_forget(struct pf_agent_host *host, pid_t pid)
{
    for (uint32_t i = host->process_count; i-- > 0;)
        if (host->processes[i].pid == pid && !is_calling(host, i))
            forget_image(host, i);
}

void pf_agent_host_tick(struct pf_agent_host *host)
{
    uint64_t now = pf_clock_now_ns();

    for (uint32_t i = 0; i < host->process_count; i++) {
        if (!host->processes[i].region)
            continue;
        atomic_store_explicit(&host->processes[i].region->now_ms,
                              (uint32_t)((now - host->processes[i].start_ns) / 1000000),
                              memory_order_relaxed);
    }
}

static bool samples_still(const struct pf_agent_process *process)
{
    return process->region && !process->is_over && atomic_load(&process->region->sampling) != 0
           && kill(process->pid, 0) == 0;
}

void pf_agent_host_stop_sampling(struct pf_agent_host *host, uint64_t deadline_ns)
{
    for (uint32_t i = 0; i < host->process_count; i++) {
        if (!host->processes[i].region)
            continue;
        _Atomic uint32_t *hz = &host->processes[i].region->sample_hz;
        atomic_store(hz, 0);
        (void)syscall(SYS_futex, hz, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
    for (uint32_t i = 0; i < host->process_count; i++)
        while (samples_still(&host->processes[i]) && pf_clock_now_ns() < deadline_ns)
            pf_clock_sleep_ms(1);
}

void pf_agent_host_release(struct pf_agent_host *host, uint32_t index)
{
    struct pf_agent_process *process = &host->processes[index];

    if (process->region)
        (void)munmap(process->region, process->region_bytes);
    process->region = NULL;
}

struct pf_agent_process *pf_agent_host_find(struct pf_agent_host *host, pid_t pid)
{
    for (uint32_t i = host->process_count; i-- > 0;)
        if (host->processes[i].pid == pid)
            return &host->processes[i];
    return NULL;
}
