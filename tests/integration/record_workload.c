/*
 * A program with known behaviour, for recordings of it: what it does is its first argument. It says
 * "ready" once on standard output and goes on until it is killed (or ends by itself: "short").
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEAF __attribute__((noinline, noclone))

/* The same work in each leaf, in the proportion 50 : 30 : 15 : 5. A chain of dependent multiplies:
 * its time does not depend on data, caches or what runs beside it. */
enum { SHARE_A = 50, SHARE_B = 30, SHARE_C = 15, SHARE_D = 5, UNIT_MEAN = 100 };

#define WORK(count)                                                                                \
    do {                                                                                           \
        uint64_t x = seed | 1;                                                                     \
        for (unsigned i = 0; i < (count)*unit; i++) {                                              \
            x *= 0x9e3779b97f4a7c15;                                                               \
            __asm__ volatile("" : "+r"(x));                                                        \
        }                                                                                          \
        return x;                                                                                  \
    } while (0)

static LEAF uint64_t leaf_a(uint64_t seed, unsigned unit)
{
    WORK(SHARE_A);
}

static LEAF uint64_t leaf_b(uint64_t seed, unsigned unit)
{
    WORK(SHARE_B);
}

static LEAF uint64_t leaf_c(uint64_t seed, unsigned unit)
{
    WORK(SHARE_C);
}

static LEAF uint64_t leaf_d(uint64_t seed, unsigned unit)
{
    WORK(SHARE_D);
}

/* 50 to 150: rounds of one length keep in step with a profiler's ticks, and its samples all fall on
 * one place. */
static unsigned unit_of(uint64_t seed)
{
    return UNIT_MEAN / 2 + (unsigned)((seed * 0x9e3779b97f4a7c15 >> 32) % (UNIT_MEAN + 1));
}

static LEAF uint64_t burn(uint64_t seed)
{
    unsigned unit = unit_of(seed);
    uint64_t sum = leaf_a(seed, unit);

    sum += leaf_b(sum, unit);
    sum += leaf_c(sum, unit);
    return sum + leaf_d(sum, unit);
}

static void *burn_for_ever(void *unused)
{
    volatile uint64_t sum = 0;

    (void)unused;
    for (;;)
        sum = burn(sum);
    return NULL;
}

static void burn_ms(unsigned ms)
{
    struct timespec now;
    volatile uint64_t sum = 0;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    uint64_t end_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + ms * 1000000ull;
    do {
        for (unsigned i = 0; i < 20; i++)
            sum = burn(sum);
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec < end_ns);
}

static void say_ready(void)
{
    (void)puts("ready");
    (void)fflush(stdout);
}

static void start(void *(*run)(void *), void *with)
{
    pthread_attr_t attr;
    pthread_t thread;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, 64 << 10);
    int why = pthread_create(&thread, &attr, run, with);
    if (why != 0) {
        (void)fprintf(stderr, "pthread_create: %s\n", strerror(why));
        exit(1);
    }
    (void)pthread_detach(thread);
}

/* CPU time of the process after which it ends; 0: never. */
static uint64_t burn_end_ns;

static void *burn_until_end(void *unused)
{
    struct timespec now = {0};
    volatile uint64_t sum = 0;

    do {
        for (unsigned i = 0; i < 100; i++)
            sum = burn(sum);
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec < burn_end_ns);
    exit(0);
    return unused;
}

/* With an end, as much work on a busy machine as on an idle one. */
static void do_split(int threads, unsigned cpu_ms)
{
    void *(*run)(void *) = cpu_ms ? burn_until_end : burn_for_ever;

    burn_end_ns = cpu_ms * 1000000ull;
    for (int i = 1; i < threads; i++)
        start(run, NULL);
    say_ready();
    (void)run(NULL);
}

static void *sleep_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        (void)pause();
    return NULL;
}

static void do_threads(int threads)
{
    for (int i = 1; i < threads; i++)
        start(sleep_for_ever, NULL);
    say_ready();
    (void)burn_for_ever(NULL);
}

static void *burn_a_while(void *ms)
{
    burn_ms((unsigned)(uintptr_t)ms);
    return NULL;
}

/* A thread every few milliseconds, each alive a little longer than one period of the sampler. */
static void do_churn(int ms)
{
    say_ready();
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, burn_a_while, (void *)(uintptr_t)ms) == 0)
            (void)pthread_join(thread, NULL);
    }
}

/* Processes that come and go, so that ids are used again sooner or later. */
static void do_forks(int ms)
{
    say_ready();
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            burn_ms((unsigned)ms);
            _exit(0);
        }
        (void)waitpid(pid, NULL, 0);
    }
}

static void name_us(const char *name)
{
    (void)prctl(PR_SET_NAME, name);
}

/* Let the next process have this id: needs rights over the pid namespace. */
static int set_next_pid(pid_t pid)
{
    FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "w");

    if (!file)
        return 0;
    int ok = fprintf(file, "%d", (int)pid - 1) > 0;
    return fclose(file) == 0 && ok;
}

static LEAF void burn_leaf(uint64_t (*leaf)(uint64_t, unsigned), unsigned rounds)
{
    volatile uint64_t sum = 0;

    for (unsigned i = 0; i < rounds; i++)
        sum = leaf(sum, UNIT_MEAN);
}

/* Children that all have one id: one kind only in leaf_a, the other only in leaf_d. */
static void do_reuse(void)
{
    pid_t again = 0;

    say_ready();
    for (unsigned generation = 0;; generation++) {
        if (again && !set_next_pid(again))
            exit(1);
        pid_t pid = fork();
        if (pid == 0) {
            name_us(generation % 2 ? "reuse-odd" : "reuse-even");
            burn_leaf(generation % 2 ? leaf_a : leaf_d, generation % 2 ? 2000 : 20000);
            _exit(0);
        }
        again = again ? again : pid;
        (void)waitpid(pid, NULL, 0);
    }
}

static void do_exec(const char *self, int generation)
{
    char text[16];

    if (generation == 0)
        say_ready();
    burn_ms(100);
    (void)snprintf(text, sizeof text, "%d", generation + 1);
    (void)execl(self, self, "exec", text, (char *)NULL);
}

static LEAF uint64_t dig(int depth, uint64_t seed)
{
    volatile uint64_t room[128];

    room[depth % 128] = seed;
    if (depth == 0)
        return burn(seed);
    return dig(depth - 1, seed) + room[(depth + 1) % 128];
}

/* About a KiB a frame. */
static void do_deep(int frames)
{
    volatile uint64_t sum = 0;

    say_ready();
    for (;;)
        sum = dig(frames, sum);
}

static LEAF uint64_t plunge(int depth, uint64_t seed)
{
    volatile uint64_t room[1024];

    room[depth % 1024] = seed;
    if (depth == 0)
        return burn(seed);
    return plunge(depth - 1, seed) + room[(depth + 1) % 1024];
}

/* Now at the top of its stack, now 8 KiB a frame below: far from where a sample found it. */
static void do_dive(int frames)
{
    volatile uint64_t sum = 0;

    say_ready();
    for (;;) {
        burn_ms(50);
        for (unsigned i = 0; i < 500; i++)
            sum = plunge(frames, sum);
    }
}

/* push rbp; mov rbp,rsp; 1: dec rdi; jnz 1b; pop rbp; ret */
static const uint8_t jit_code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xff,
                                   0xcf, 0x75, 0xfb, 0x5d, 0xc3};

static void write_perf_map(const void *at, const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    FILE *map = fopen(path, "w");
    if (!map)
        exit(1);
    (void)fprintf(map, "%lx %zx %s\n", (unsigned long)(uintptr_t)at, sizeof jit_code, name);
    (void)fclose(map);
}

static uint8_t *make_jit_code(int is_memfd)
{
    int fd = is_memfd ? memfd_create("jit-cache", 0) : -1;
    if (is_memfd && ftruncate(fd, 4096) != 0)
        exit(1);
    uint8_t *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       is_memfd ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
    if (at == MAP_FAILED)
        exit(1);
    memcpy(at, jit_code, sizeof jit_code);
    return at;
}

static void spin_in(const uint8_t *at)
{
    for (;;)
        ((void (*)(uint64_t))(uintptr_t)at)(10000000);
}

static void do_jit(int is_memfd)
{
    const uint8_t *at = make_jit_code(is_memfd);

    write_perf_map(at, "jit_spin");
    say_ready();
    spin_in(at);
}

/* Two processes with code of different names at one address. The child ends with its parent. */
static void do_jit_twins(void)
{
    const uint8_t *at = make_jit_code(0);
    int ready[2];
    char byte;

    if (pipe(ready) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    name_us(child == 0 ? "twin-child" : "twin-parent");
    write_perf_map(at, child == 0 ? "jit_of_child" : "jit_of_parent");
    if (child == 0) {
        (void)!write(ready[1], "x", 1);
        spin_in(at);
    }
    (void)!read(ready[0], &byte, 1);
    say_ready();
    spin_in(at);
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static LEAF void *wait_for_lock(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&held);
    return NULL;
}

static LEAF void *wait_for_events(void *unused)
{
    struct epoll_event event;
    int fd = epoll_create1(0);

    (void)unused;
    for (;;)
        (void)epoll_wait(fd, &event, 1, 20);
    return NULL;
}

/* One thread burns, one waits in epoll (woken 50 times a second), one for a lock for ever. */
static void do_waits(void)
{
    (void)pthread_mutex_lock(&held);
    start(wait_for_lock, NULL);
    start(wait_for_events, NULL);
    say_ready();
    (void)burn_for_ever(NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 1;

    if (strcmp(what, "split") == 0)
        do_split(number, argc > 3 ? (unsigned)atoi(argv[3]) : 0);
    else if (strcmp(what, "threads") == 0)
        do_threads(number);
    else if (strcmp(what, "churn") == 0)
        do_churn(number);
    else if (strcmp(what, "forks") == 0)
        do_forks(number);
    else if (strcmp(what, "reuse") == 0)
        do_reuse();
    else if (strcmp(what, "exec") == 0)
        do_exec(argv[0], number);
    else if (strcmp(what, "deep") == 0)
        do_deep(number);
    else if (strcmp(what, "dive") == 0)
        do_dive(number);
    else if (strcmp(what, "jit") == 0)
        do_jit(number);
    else if (strcmp(what, "twins") == 0)
        do_jit_twins();
    else if (strcmp(what, "waits") == 0)
        do_waits();
    else if (strcmp(what, "short") == 0)
        burn_ms((unsigned)number);
    return strcmp(what, "short") == 0 ? 7 : 2;
}
