/*
 * Our walk against libunwind's, of real servers stopped under load.
 *
 * Each stop compares both walks of the main thread, then steps a few instructions on and compares
 * again, which reaches prologues and epilogues.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <libunwind-ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "profiler/attach/object_rows.h"
#include "profiler/base/clock.h"
#include "profiler/unwind/unwind_cache.h"
#include "tests/support/bench_server.h"
#include "tests/support/command.h"

enum { MAPS_MAX = 256, FRAMES_MAX = 256, STOPS = 25, STEPS = 6, STACK_BYTES = 256 * 1024 };

struct remote {
    pid_t pid;
    struct pf_object_store store;
    struct pf_code codes[MAPS_MAX];
    struct pf_object_rows *objects[MAPS_MAX];
    size_t count;
    uint8_t *stack;
    _Alignas(64) uint8_t cache[PF_UNWIND_CACHE_BYTES];
    size_t stacks, frames, different, lost;
    char first_difference[512];
};

static size_t read_remote(pid_t pid, uint64_t addr, void *to, size_t size)
{
    struct iovec local = {to, size};
    struct iovec remote = {(void *)addr, size};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

    return got < 0 ? 0 : (size_t)got;
}

static bool read_word(void *from, uint64_t addr, uint64_t *word)
{
    const struct remote *remote = from;

    return read_remote(remote->pid, addr, word, sizeof *word) == sizeof *word;
}

static struct pf_object_rows *open_object(struct remote *remote, const char *path, uint64_t start,
                                          uint64_t end)
{
    struct pf_object_rows *object = NULL;
    struct pf_err err = {0};
    char full[4200];

    if (strcmp(path, "[vdso]") == 0) {
        struct pf_bytes image = {malloc(end - start), end - start};
        cr_assert_eq(read_remote(remote->pid, start, (void *)(uintptr_t)image.at, image.size),
                     image.size);
        cr_assert(pf_object_rows_from_image(&object, image, path, &err), "%s", err.text);
        free((void *)(uintptr_t)image.at);
    } else if (path[0] == '/') {
        (void)snprintf(full, sizeof full, "/proc/%d/root%s", remote->pid, path);
        cr_assert(pf_object_rows_open(&object, &remote->store, full, &err), "%s", err.text);
    }
    return object;
}

static void add_map(struct remote *remote, const char *line)
{
    unsigned long start = 0;
    unsigned long end = 0;
    unsigned long offset = 0;
    char flags[8] = "";
    char path[4096] = "";
    uint64_t bias = 0;

    if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095s", &start, &end, flags, &offset, path) < 4
        || flags[2] != 'x' || remote->count == MAPS_MAX)
        return;
    struct pf_object_rows *object = open_object(remote, path, start, end);
    if (object)
        cr_assert(pf_object_rows_bias(object, start, offset, &bias), "%s", path);
    remote->objects[remote->count] = object;
    remote->codes[remote->count] = (struct pf_code){
        start, end, bias, object ? object->rows : NULL, (uint32_t)remote->count, 0};
    remote->count++;
}

static struct remote *open_remote(pid_t pid)
{
    struct remote *remote = aligned_alloc(64, (sizeof *remote + 63) & ~63UL);
    char path[64];
    char line[8192];

    memset(remote, 0, sizeof *remote);
    remote->pid = pid;
    remote->stack = malloc(STACK_BYTES);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof line, maps))
        add_map(remote, line);
    (void)fclose(maps);
    cr_assert_gt(remote->count, 2);
    return remote;
}

static void close_remote(struct remote *remote)
{
    for (size_t i = 0; i < remote->count; i++)
        pf_object_rows_release(remote->objects[i]);
    pf_object_store_fini(&remote->store);
    free(remote->stack);
    free(remote);
}

static struct pf_regs regs_of(const struct user_regs_struct *user)
{
    const uint64_t values[PF_REG_COUNT] = {user->rax, user->rdx, user->rcx, user->rbx, user->rsi,
                                           user->rdi, user->rbp, user->rsp, user->r8,  user->r9,
                                           user->r10, user->r11, user->r12, user->r13, user->r14,
                                           user->r15, user->rip};
    struct pf_regs regs = {.known = (1U << PF_REG_COUNT) - 1};

    memcpy(regs.at, values, sizeof values);
    return regs;
}

/* As a recording sees it: a copy of the stack, and code bytes by the reader. */
static struct pf_trail walk_ours(struct remote *remote, uint64_t *pcs, bool is_cached)
{
    struct user_regs_struct user;
    struct pf_trail trail = {.pcs = pcs, .capacity = FRAMES_MAX};
    struct pf_code_map map = {remote->codes, remote->count};

    cr_assert_eq(ptrace(PTRACE_GETREGS, remote->pid, NULL, &user), 0);
    struct pf_regs regs = regs_of(&user);
    struct pf_memory memory = {
        .bytes = remote->stack, .low = user.rsp, .read_word = read_word, .from = remote};
    memory.high = user.rsp + read_remote(remote->pid, user.rsp, remote->stack, STACK_BYTES);
    if (is_cached)
        (void)pf_unwind_stack_cached(&trail, &regs, &map, &memory,
                                     pf_unwind_cache_view(remote->cache));
    else
        pf_unwind_stack(&trail, &regs, &map, &memory);
    return trail;
}

static size_t walk_theirs(pid_t pid, uint64_t *pcs)
{
    unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
    void *info = _UPT_create(pid);
    unw_cursor_t cursor;
    unw_word_t pc = 0;
    size_t count = 0;

    cr_assert_eq(unw_init_remote(&cursor, space, info), 0);
    do {
        (void)unw_get_reg(&cursor, UNW_REG_IP, &pc);
        if (pc != 0)
            pcs[count++] = pc;
    } while (count < FRAMES_MAX && unw_step(&cursor) > 0);
    _UPT_destroy(info);
    unw_destroy_addr_space(space);
    return count;
}

static void describe(struct remote *remote, const struct pf_trail *ours, const uint64_t *theirs,
                     size_t count)
{
    size_t used = 0;

    for (size_t i = 0; i < ours->count && i < 6; i++)
        used += (size_t)snprintf(
            remote->first_difference + used, sizeof remote->first_difference - used, "%#lx:%#lx ",
            (unsigned long)ours->pcs[i], (unsigned long)(i < count ? theirs[i] : 0));
}

static void compare_here(struct remote *remote)
{
    uint64_t pcs[FRAMES_MAX];
    uint64_t cached_pcs[FRAMES_MAX];
    uint64_t theirs[FRAMES_MAX];
    struct pf_trail ours = walk_ours(remote, pcs, false);
    struct pf_trail cached = walk_ours(remote, cached_pcs, true);
    size_t count = walk_theirs(remote->pid, theirs);
    size_t same = 0;

    cr_assert_eq(cached.count, ours.count);
    cr_assert_eq(cached.top, ours.top);
    cr_assert_eq(memcmp(pcs, cached_pcs, ours.count * sizeof *pcs), 0);
    while (same < count && same < ours.count && theirs[same] == pcs[same])
        same++;
    remote->stacks++;
    remote->frames += count;
    remote->lost += !ours.is_rooted;
    if (same < count && remote->different == 0)
        describe(remote, &ours, theirs, count);
    remote->different += count - same;
}

/* Wait for a stop, at most so long; a thread asleep in the kernel finishes no step. */
static bool wait_stop(pid_t pid, unsigned at_most_ms)
{
    uint64_t deadline = pf_clock_now_ns() + at_most_ms * 1000000ULL;
    int status = 0;

    for (;;) {
        pid_t got = waitpid(pid, &status, __WALL | WNOHANG);
        if (got == pid)
            return WIFSTOPPED(status);
        cr_assert_neq(got, -1, "%s", strerror(errno));
        if (pf_clock_now_ns() > deadline)
            return false;
        pf_clock_sleep_ms(1);
    }
}

static void interrupt(pid_t pid)
{
    cr_assert_eq(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
    cr_assert(wait_stop(pid, 5000), "not stopped in 5 s");
}

static void stop_and_compare(struct remote *remote)
{
    bool is_stopped = true;

    interrupt(remote->pid);
    for (int step = 0; is_stopped && step < STEPS; step++) {
        compare_here(remote);
        cr_assert_eq(ptrace(PTRACE_SINGLESTEP, remote->pid, NULL, NULL), 0);
        is_stopped = wait_stop(remote->pid, 20);
    }
    if (!is_stopped)
        interrupt(remote->pid);
    cr_assert_eq(ptrace(PTRACE_CONT, remote->pid, NULL, NULL), 0);
}

static void compare_process(pid_t pid)
{
    struct remote *remote = open_remote(pid);

    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
        cr_skip("ptrace is not permitted here: %s", strerror(errno));
    for (int i = 0; i < STOPS; i++) {
        stop_and_compare(remote);
        pf_clock_sleep_ms(2); /* let it run on to somewhere else; nothing is awaited */
    }
    interrupt(pid);
    (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);

    cr_log_info("%zu stacks, %zu frames: %zu frames differ, %zu stacks not rooted", remote->stacks,
                remote->frames, remote->different, remote->lost);
    cr_expect_geq(remote->stacks, STOPS);
    cr_expect_leq(remote->different * 1000, remote->frames, "ours:theirs %s",
                  remote->first_difference);
    cr_expect_leq(remote->lost * 100, remote->stacks);
    close_remote(remote);
}

/* Of nginx, the worker; of the others, the server itself. */
static pid_t busy_process(const struct ts_server *server)
{
    char path[64];
    int pid = server->pid;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", server->pid, server->pid);
    FILE *children = fopen(path, "r");
    if (server->kind == TS_NGINX && children)
        cr_assert_eq(fscanf(children, "%d", &pid), 1, "nginx has no worker");
    if (children)
        (void)fclose(children);
    return pid;
}

static void compare_server(enum ts_server_kind kind)
{
    struct ts_server server = ts_server_start(kind, false);
    struct pf_child load = ts_load_start(&server, 15);

    compare_process(busy_process(&server));

    ts_stop(&load);
    ts_server_stop(&server);
}

Test(unwind_agreement, redis_under_load)
{
    compare_server(TS_REDIS);
}

Test(unwind_agreement, nginx_under_load)
{
    compare_server(TS_NGINX);
}

Test(unwind_agreement, memcached)
{
    compare_server(TS_MEMCACHED);
}

Test(unwind_agreement, python_at_work)
{
    static char *const argv[] = {
        "python3", "-c",
        "import json,re,hashlib\n"
        "while True:\n"
        "    json.loads(json.dumps({'a': list(range(50)), 'b': 'x' * 40}))\n"
        "    re.sub('[a-c]+', lambda m: m.group().upper(), 'abcabcxyz' * 20)\n"
        "    hashlib.sha256(b'x' * 4096).hexdigest()\n"
        "    sorted(range(200), key=lambda n: -n)\n",
        NULL};
    struct pf_spawn spec = {.argv = argv};
    struct pf_child child = {0};
    struct pf_err err = {0};
    cr_assert(pf_child_start(&child, &spec, &err), "%s", err.text);
    uint64_t deadline = pf_clock_now_ns() + 10000000000ULL;
    char path[64];
    char maps[65536] = "";

    /* It is at work when its hash module is loaded. */
    (void)snprintf(path, sizeof path, "/proc/%d/maps", child.pid);
    while (!strstr(maps, "_hashlib") && pf_clock_now_ns() < deadline) {
        FILE *file = fopen(path, "r");
        maps[file ? fread(maps, 1, sizeof maps - 1, file) : 0] = '\0';
        if (file)
            (void)fclose(file);
        pf_clock_sleep_ms(5);
    }
    compare_process(child.pid);

    pf_child_stop(&child, 1000);
    pf_child_fini(&child);
}
