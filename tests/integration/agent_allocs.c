/*
 * Every way to allocate, each from a function of its own that loses three blocks and frees three;
 * and lives an agent must survive. "agent_allocs CASE".
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOST = 3, SIZE = 100, MANY_THREADS = 10000, AT_ONCE = 100 };

/* A block that is used, so that no compiler leaves the allocation out. */
static void use(void *block)
{
    if (!block)
        abort();
    __asm__ volatile("" ::"r"(block) : "memory");
}

#define LOSE(name, expression)                                                                     \
    __attribute__((noinline)) static void by_##name(void)                                          \
    {                                                                                              \
        for (int i = 0; i < 2 * LOST; i++) {                                                       \
            void *block = expression;                                                              \
            use(block);                                                                            \
            if (i % 2)                                                                             \
                free(block);                                                                       \
        }                                                                                          \
    }

static void *posix_block(void)
{
    void *block = NULL;

    return posix_memalign(&block, 64, SIZE) == 0 ? block : NULL;
}

LOSE(malloc, malloc(SIZE))
LOSE(calloc, calloc(SIZE / 4, 4))
LOSE(realloc_new, realloc(NULL, SIZE))
LOSE(realloc, realloc(malloc(10), SIZE))
LOSE(reallocarray, reallocarray(malloc(10), SIZE / 4, 4))
LOSE(memalign, memalign(128, SIZE))
LOSE(aligned_alloc, aligned_alloc(128, SIZE))
LOSE(posix_memalign, posix_block())
LOSE(valloc, valloc(SIZE))
LOSE(pvalloc, pvalloc(SIZE))
LOSE(strdup, strdup("a text of thirty-two characters."))
LOSE(strndup, strndup("a text of thirty-two characters.", 20))

__attribute__((noinline)) static void by_getline(void)
{
    for (int i = 0; i < 2 * LOST; i++) {
        char *line = NULL;
        size_t size = 0;
        FILE *file = fmemopen((char[]){"line\n"}, 5, "r");
        if (!file || getline(&line, &size, file) < 0)
            abort();
        (void)fclose(file);
        use(line);
        if (i % 2)
            free(line);
    }
}

static int all(void)
{
    by_malloc();
    by_calloc();
    by_realloc_new();
    by_realloc();
    by_reallocarray();
    by_memalign();
    by_aligned_alloc();
    by_posix_memalign();
    by_valloc();
    by_pvalloc();
    by_strdup();
    by_strndup();
    by_getline();
    return 0;
}

/* The corners of the interface: what the C library answers must be what a program sees. */
static int corners(void)
{
    void *block = malloc(64);
    volatile size_t huge = (size_t)-1 / 2;

    if (!block || malloc_usable_size(block) < 64 || malloc_usable_size(NULL) != 0)
        return 1;
    errno = 0;
    if (realloc(block, huge) || errno != ENOMEM) /* the old block stays */
        return 2;
    errno = 0;
    if (reallocarray(block, huge, 16) || errno != ENOMEM)
        return 3;
    errno = 0;
    if (calloc(huge, 16) || errno != ENOMEM)
        return 4;
    errno = 77;
    void *other = malloc(8);
    free(other);
    if (errno != 77)
        return 5;
    if (posix_memalign(&other, 3, 8) != EINVAL)
        return 6;
    free(NULL);
    free(block);
    if (malloc(0) == NULL)
        return 7;
    return 0;
}

static void *allocate_a_little(void *unused)
{
    (void)unused;
    for (size_t size = 1; size < 2000; size *= 3)
        free(malloc(size));
    return NULL;
}

static int many_threads(void)
{
    pthread_t threads[AT_ONCE];

    for (int round = 0; round < MANY_THREADS / AT_ONCE; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            if (pthread_create(&threads[i], NULL, allocate_a_little, NULL) != 0)
                return 1;
        for (int i = 0; i < AT_ONCE; i++)
            (void)pthread_join(threads[i], NULL);
    }
    by_malloc();
    return 0;
}

/* A prefork server: the child allocates, frees what it inherited, loses three. */
static int forked(void)
{
    void *inherited = malloc(SIZE);
    int status = 1;

    use(inherited);
    pid_t child = fork();
    if (child == 0) {
        free(inherited);
        by_calloc();
        _exit(0);
    }
    free(inherited);
    (void)waitpid(child, &status, 0);
    return status;
}

/* fork without the C library's knowledge: the agent must notice by itself. */
static int forked_raw(void)
{
    int status = 1;
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (child == 0) {
        for (int i = 0; i < 100; i++)
            free(malloc(100));
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    by_malloc();
    return status;
}

/* A server that closes everything, gives up its rights and changes its root. */
static int dropped(void)
{
    for (int fd = 0; fd < 1024; fd++)
        (void)close(fd);
    if (mkdir("/tmp/empty-root", 0755) != 0 && errno != EEXIST)
        return 1;
    if (geteuid() == 0
        && (chroot("/tmp/empty-root") != 0 || chdir("/") != 0 || setgid(65534) != 0
            || setuid(65534) != 0))
        return 2;
    by_malloc();
    return 0;
}

/* No descriptor of ours is left behind; the standard ones are not taken when they are free. */
static int descriptors(void)
{
    return open("/dev/null", O_RDONLY) == 3 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } cases[] = {{"all", all},
                 {"corners", corners},
                 {"threads", many_threads},
                 {"fork", forked},
                 {"fork-raw", forked_raw},
                 {"dropped", dropped},
                 {"descriptors", descriptors}};

    for (unsigned i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run();
    return 99;
}
