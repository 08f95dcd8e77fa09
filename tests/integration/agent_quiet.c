/*
 * What runs in the sampling signal's handler, seen from the program that is sampled: a stand-in for
 * every function a handler must not call notes each call made while a signal is blocked that the
 * program itself never blocks, which is so inside of a handler only. One thread does nothing but
 * compute, under a filter that ends the process at any system call but those the handler may make;
 * one allocates, prints and locks all the time, to be interrupted in the middle of it.
 *
 * usage: agent_quiet MS             sampled from outside: 0 if nothing was noted
 *        agent_quiet MS red-call    with a handler of its own that allocates: has to be noted
 *        agent_quiet MS red-system  with one that makes a system call: has to be ended
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { RED_TICK_US = 4000, NAMES_MAX = 16 };

static _Atomic unsigned noted;
static const char *_Atomic names[NAMES_MAX];

static int is_in_handler(void)
{
    uint64_t blocked = 0;

    (void)syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked);
    return (blocked >> (SIGRTMAX - 1) & 1) || (blocked >> (SIGPROF - 1) & 1)
           || (blocked >> (SIGVTALRM - 1) & 1);
}

/* Is it called in a handler? Then it is noted. */
static bool note(const char *name)
{
    if (!is_in_handler())
        return false;
    unsigned at = atomic_fetch_add(&noted, 1);
    if (at < NAMES_MAX)
        atomic_store(&names[at], name);
    return true;
}

/*
 * The C library's own, by the names it has them under as well, or by the next object's. In a
 * handler there is no memory: the allocator it interrupted may hold its lock, and would wait for
 * itself.
 */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size)
{
    return note("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return note("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return note("realloc") ? NULL : __libc_realloc(block, size);
}

void free(void *block)
{
    if (!note("free"))
        __libc_free(block);
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    (void)note("mmap");
    return (void *)syscall(SYS_mmap, at, size, prot, flags, fd, offset);
}

int munmap(void *at, size_t size)
{
    (void)note("munmap");
    return (int)syscall(SYS_munmap, at, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
    (void)note("write");
    return syscall(SYS_write, fd, from, size);
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
    (void)note("nanosleep");
    return (int)syscall(SYS_nanosleep, pause, left);
}

/* NAME(PARAMETERS) with ARGUMENTS, returning KIND, handed to the next object's. */
#define STAND_IN(kind, name, parameters, arguments)                                                \
    kind name parameters                                                                           \
    {                                                                                              \
        static kind(*_Atomic next) parameters;                                                     \
        kind(*found) parameters = atomic_load(&next);                                              \
                                                                                                   \
        (void)note(#name);                                                                         \
        if (!found) {                                                                              \
            void *symbol = dlsym(RTLD_NEXT, #name);                                                \
            memcpy(&found, &symbol, sizeof found);                                                 \
            atomic_store(&next, found);                                                            \
        }                                                                                          \
        return found arguments;                                                                    \
    }

typedef int (*each_object)(struct dl_phdr_info *, size_t, void *);

STAND_IN(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
STAND_IN(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
STAND_IN(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
STAND_IN(int, pthread_once, (pthread_once_t * once, void (*call)(void)), (once, call))
STAND_IN(void *, pthread_getspecific, (pthread_key_t key), (key))
STAND_IN(int, dl_iterate_phdr, (each_object each, void *to), (each, to))
STAND_IN(void *, dlopen, (const char *file, int mode), (file, mode))
STAND_IN(int, dlclose, (void *handle), (handle))
STAND_IN(int, dladdr, (const void *at, Dl_info *info), (at, info))
STAND_IN(int, backtrace, (void **to, int size), (to, size))
STAND_IN(char *, getenv, (const char *name), (name))
STAND_IN(int, puts, (const char *text), (text))
STAND_IN(int, fflush, (FILE * file), (file))
STAND_IN(size_t, fwrite, (const void *from, size_t size, size_t count, FILE *to),
         (from, size, count, to))
STAND_IN(void *, memalign, (size_t align, size_t size), (align, size))
STAND_IN(void *, aligned_alloc, (size_t align, size_t size), (align, size))

static atomic_bool is_over;

static void allocate_print_and_lock(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    FILE *nowhere = fopen("/dev/null", "w");

    while (!atomic_load(&is_over)) {
        (void)pthread_mutex_lock(&lock);
        void *volatile block = malloc(100);
        block = realloc(block, 100000);
        free(block);
        (void)pthread_mutex_unlock(&lock);
        (void)fprintf(nowhere, "%d %s\n", 42, "lines");
    }
    (void)fclose(nowhere);
}

static void *be_busy(void *unused)
{
    allocate_print_and_lock();
    return unused;
}

#define ALLOW(number)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/*
 * What a handler may ask of the kernel on a thread's first sample: its number, and whether its
 * stack can be read. And to return; and for the red one to be timed at all.
 */
static int forbid_system_calls(void)
{
    static struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_gettid),
        ALLOW(SYS_process_vm_readv),
        ALLOW(SYS_rt_sigprocmask), /* ours, when something is noted */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
           && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* Computes until the process ends: even the end of a thread is a system call. */
static void *compute(void *is_free)
{
    if (!is_free && !forbid_system_calls())
        _exit(4);
    for (volatile uint64_t i = 0;; i++)
        continue;
    return is_free;
}

static void *volatile kept;

static void red_call(int number)
{
    (void)number;
    kept = malloc(10);
    free(kept);
}

static void red_system(int number)
{
    (void)number;
    (void)syscall(SYS_getppid);
}

static void start_red(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval tick = {{0, RED_TICK_US}, {0, RED_TICK_US}};

    (void)sigaction(SIGPROF, &action, NULL);
    (void)setitimer(ITIMER_PROF, &tick, NULL);
}

static double cpu_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double end_s = argc > 1 ? atof(argv[1]) / 1e3 : 1;
    const char *red = argc > 2 ? argv[2] : "";
    bool is_free = strcmp(red, "red-call") == 0; /* its first call may ask for memory, too */
    pthread_t busy, computing;

    if (is_free)
        start_red(red_call);
    else if (strcmp(red, "red-system") == 0)
        start_red(red_system);
    if (pthread_create(&busy, NULL, be_busy, NULL) != 0
        || pthread_create(&computing, NULL, compute, is_free ? argv : NULL) != 0)
        return 5;
    while (cpu_s() < end_s)
        (void)usleep(1000);
    atomic_store(&is_over, true);
    (void)pthread_join(busy, NULL);
    for (unsigned i = 0; i < NAMES_MAX && atomic_load(&names[i]); i++)
        (void)fprintf(stderr, "in a handler: %s\n", atomic_load(&names[i]));
    (void)fprintf(stderr, "noted %u\n", atomic_load(&noted));
    return atomic_load(&noted) ? 3 : 0;
}
