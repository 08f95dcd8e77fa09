/*
 * Descriptors a test leaves open: those there at its end that were not there before it.
 *
 * Since Linux 6.2 the size of /proc/self/fd is how many are open: where it is what it was and all
 * that were open still are, there is nothing to look for. This is most tests' case.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/preload/preload.h"

enum { FDS_MAX = 4096, FEW = 16 };

static uint8_t known[FDS_MAX / 8], before[FDS_MAX / 8];
static struct pollfd few[FEW]; /* the known ones, if they are few */
static unsigned known_count;

static void visit_fds(void (*visit)(int fd))
{
    DIR *dir = opendir("/proc/self/fd");

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < FDS_MAX)
            visit(fd);
    }
    if (dir)
        (void)closedir(dir);
}

static bool has(const uint8_t *set, int fd)
{
    return set[fd / 8] & (1u << (fd % 8));
}

static void put(uint8_t *set, int fd)
{
    set[fd / 8] |= (uint8_t)(1u << (fd % 8));
}

static void remember(int fd)
{
    put(known, fd);
}

static void note_before(int fd)
{
    put(before, fd);
}

static void remember_new(int fd)
{
    if (!has(before, fd))
        remember(fd);
}

static void compare(int fd)
{
    char path[64], target[512];

    if (has(known, fd))
        return;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0)
        return;
    target[size] = '\0';
    bool serves = hn_socket_serves(fd, target, sizeof target);
    hn_record_printf(serves ? HN_RECORD_SOCKET : HN_RECORD_FD, "%d -> %s", fd, target);
}

static void count_known(void)
{
    known_count = 0;
    for (int fd = 0; fd < FDS_MAX; fd++)
        if (has(known, fd)) {
            if (known_count < FEW)
                few[known_count] = (struct pollfd){.fd = fd};
            known_count++;
        }
}

void hn_fds_remember(int but_not)
{
    visit_fds(remember);
    if (but_not >= 0 && but_not < FDS_MAX)
        known[but_not / 8] &= (uint8_t) ~(1u << (but_not % 8));
    count_known();
}

static bool is_unchanged(void)
{
    struct stat st;

    if (known_count > FEW || stat("/proc/self/fd", &st) != 0 || st.st_size != known_count
        || poll(few, known_count, 0) < 0)
        return false;
    for (unsigned i = 0; i < known_count; i++)
        if (few[i].revents & POLLNVAL)
            return false;
    return true;
}

void hn_fds_adopt(void (*opener)(void))
{
    memset(before, 0, sizeof before);
    visit_fds(note_before);
    opener();
    visit_fds(remember_new);
    count_known();
}

void hn_fds_compare(void)
{
    if (!is_unchanged())
        visit_fds(compare);
}
