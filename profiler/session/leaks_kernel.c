/* SPDX-License-Identifier: MIT */
#include "profiler/session/leaks_kernel.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/buf.h"
#include "profiler/base/file.h"
#include "profiler/session/leaks_threads.h"

enum { TEXT_MAX = 16 << 20 };

/* The hexadecimal number that follows mark in a line; false if there is none. */
static bool number_after(struct pf_bytes line, const char *mark, uint64_t *out)
{
    const char *at = memmem(line.at, line.size, mark, strlen(mark));
    uint64_t value = 0;

    if (!at)
        return false;
    const char *end = (const char *)line.at + line.size;
    for (at += strlen(mark); at < end && *at == ' '; at++)
        ;
    const char *from = at;
    for (; at < end; at++) {
        const char *digits = "0123456789abcdef";
        const char *digit = *at ? strchr(digits, *at) : NULL;
        if (!digit)
            break;
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *out = value;
    return at > from;
}

static void add_both(struct pf_leaks_threads *words, uint64_t word)
{
    pf_leaks_threads_word(words, word);
    if (word & 7)
        pf_leaks_threads_word(words, word & ~7ull);
}

void pf_leaks_epoll_words(struct pf_leaks_threads *words, struct pf_bytes text)
{
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes line;
    uint64_t word;

    while (pf_cursor_line(&cursor, &line))
        if (line.size > 4 && memcmp(line.at, "tfd:", 4) == 0 && number_after(line, "data:", &word))
            add_both(words, word);
}

void pf_leaks_timer_words(struct pf_leaks_threads *words, struct pf_bytes text)
{
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes line;
    uint64_t word;

    while (pf_cursor_line(&cursor, &line))
        if (line.size > 7 && memcmp(line.at, "signal:", 7) == 0 && number_after(line, "/", &word))
            add_both(words, word);
}

static void read_epoll(struct pf_leaks_threads *words, pid_t pid, const char *fd)
{
    char path[64];
    char what[64];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)pid, fd);
    ssize_t size = readlink(path, what, sizeof what - 1);
    what[size > 0 ? size : 0] = 0;
    if (strcmp(what, "anon_inode:[eventpoll]") != 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%.16s", (int)pid, fd);
    if (pf_file_read(&text, path, TEXT_MAX, &err))
        pf_leaks_epoll_words(words, pf_buf_view(&text));
    pf_buf_fini(&text);
}

void pf_leaks_kernel_words(struct pf_leaks_threads *words, pid_t pid)
{
    char path[64];
    struct pf_buf text = {0};
    struct pf_err err = {0};

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            read_epoll(words, pid, entry->d_name);
    if (dir)
        (void)closedir(dir);

    (void)snprintf(path, sizeof path, "/proc/%d/timers", (int)pid);
    if (pf_file_read(&text, path, TEXT_MAX, &err))
        pf_leaks_timer_words(words, pf_buf_view(&text));
    pf_buf_fini(&text);
}
