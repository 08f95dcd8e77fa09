/*
 * Blocks of every kind, each lost or kept in a way of its own; "leaks_seeded CASE". What each must
 * be judged stands in leaks_kinds_test.c, and memcheck is asked the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HOLDERS = 64, HOLDER_BYTES = 1024, LOST_BYTES = 40 };

struct node {
    struct node *next;
    char text[40];
};

void *volatile kept;
_Thread_local void *volatile kept_by_thread;
static int hold[2];

/* Overwrites registers and stack slots in which a lost pointer may linger. */
__attribute__((noinline)) static void forget(void)
{
    static const char zeros[8192];
    volatile char noise[8192];

    for (size_t i = 0; i < sizeof noise; i++) /* one by one: a memset may be left out */
        noise[i] = 0;
    for (size_t size = 16; size <= sizeof zeros; size *= 2) /* the C library's wide registers */
        memcpy((char *)(uintptr_t)noise, zeros, size);
    __asm__ volatile("xor %%ebx, %%ebx\n\t"
                     "xor %%ecx, %%ecx\n\t"
                     "xor %%edx, %%edx\n\t"
                     "xor %%esi, %%esi\n\t"
                     "xor %%edi, %%edi\n\t"
                     "xor %%r8d, %%r8d\n\t"
                     "xor %%r9d, %%r9d\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "xor %%r11d, %%r11d\n\t"
                     "xor %%r12d, %%r12d\n\t"
                     "xor %%r13d, %%r13d\n\t"
                     "xor %%r14d, %%r14d\n\t"
                     "xor %%r15d, %%r15d\n\t"
                     "pxor %%xmm0, %%xmm0\n\t"
                     "pxor %%xmm1, %%xmm1\n\t"
                     "pxor %%xmm2, %%xmm2\n\t"
                     "pxor %%xmm3, %%xmm3\n\t"
                     "pxor %%xmm4, %%xmm4\n\t"
                     "pxor %%xmm5, %%xmm5\n\t"
                     "pxor %%xmm6, %%xmm6\n\t"
                     "pxor %%xmm7, %%xmm7\n\t"
                     "pxor %%xmm8, %%xmm8\n\t"
                     "pxor %%xmm9, %%xmm9\n\t"
                     "pxor %%xmm10, %%xmm10\n\t"
                     "pxor %%xmm11, %%xmm11\n\t"
                     "pxor %%xmm12, %%xmm12\n\t"
                     "pxor %%xmm13, %%xmm13\n\t"
                     "pxor %%xmm14, %%xmm14\n\t"
                     "pxor %%xmm15, %%xmm15\n\t" ::
                         : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                           "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                           "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
                           "xmm14", "xmm15", "memory");
}

__attribute__((noinline)) static struct node *make(size_t size)
{
    struct node *node = malloc(size);

    if (!node)
        abort();
    memset(node, 0, size);
    return node;
}

__attribute__((noinline)) static void lose_one(void)
{
    (void)*(volatile char *)make(100);
}

__attribute__((noinline)) static void lose_list(void)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    first->next->next = make(sizeof *first);
    __asm__ volatile("" ::"r"(first) : "memory");
}

__attribute__((noinline)) static void lose_cycle(void)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    first->next->next = first;
    __asm__ volatile("" ::"r"(first) : "memory");
}

/* What pointed to it was given back, and its memory is as it was. */
__attribute__((noinline)) static void lose_by_free(void)
{
    struct node *holders[HOLDERS];

    for (unsigned i = 0; i < HOLDERS; i++)
        holders[i] = make(HOLDER_BYTES);
    for (unsigned i = 0; i < HOLDERS; i++) {
        *(struct node *volatile *)holders[i]->text = make(LOST_BYTES);
        free(holders[i]);
    }
    __asm__ volatile("" ::"r"(holders) : "memory");
}

static void keep_middle(void)
{
    kept = (char *)make(1000) + 500;
}

static void keep(void)
{
    struct node *first = make(sizeof *first);
    first->next = make(sizeof *first);
    kept = first;
}

/* The only pointer is what the kernel hands back with the event. */
__attribute__((noinline)) static void keep_by_epoll(void)
{
    int epoll = epoll_create1(0);
    int fd = eventfd(0, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = make(64)};

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    event.data.ptr = NULL;
    __asm__ volatile("" ::"r"(&event) : "memory");
}

static void keep_by_mmap(void)
{
    void **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void **shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED || shared == MAP_FAILED)
        abort();
    page[100] = make(64);
    shared[100] = make(64);
}

static void *wait_with_block(void *unused)
{
    char byte;

    (void)unused;
    kept_by_thread = make(64);
    void *volatile on_stack = make(64);
    (void)!write(hold[1], "x", 1);
    pause();
    (void)!read(hold[0], &byte, 1);
    return on_stack;
}

/* A thread that still waits when the process ends holds blocks by its stack and its own storage. */
static void keep_by_thread(void)
{
    pthread_t thread;
    char byte;

    if (pipe(hold) != 0 || pthread_create(&thread, NULL, wait_with_block, NULL) != 0)
        abort();
    (void)!read(hold[0], &byte, 1);
}

static void *lose_in_thread(void *unused)
{
    (void)unused;
    lose_one();
    lose_list();
    return NULL;
}

/* A thread that ended: its stack is cached, full of stale pointers. */
static void lose_by_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, lose_in_thread, NULL) != 0)
        abort();
    (void)pthread_join(thread, NULL);
}

static void lose_large(void)
{
    (void)*(volatile char *)make(3 << 20);
}

static void crash(void)
{
    lose_one();
    forget();
    *(volatile int *)8 = 1;
}

static void leave_at_once(void)
{
    lose_one();
    forget();
    _exit(3);
}

static void nothing(void)
{
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"nothing", nothing},       {"one", lose_one},
        {"list", lose_list},        {"cycle", lose_cycle},
        {"middle", keep_middle},    {"kept", keep},
        {"epoll", keep_by_epoll},   {"mmap", keep_by_mmap},
        {"thread", keep_by_thread}, {"dead-thread", lose_by_thread},
        {"large", lose_large},      {"crash", crash},
        {"exit", leave_at_once},    {"freed", lose_by_free},
    };

    for (unsigned i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            forget();
            return 0;
        }
    return 2;
}
