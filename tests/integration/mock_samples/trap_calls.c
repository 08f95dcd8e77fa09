/*
 * Code under test whose calls compilers and headers rename: built in many ways by mocks_traps_test.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trap_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

long (*trap_pointer)(int, void *, unsigned long) = read;

/* With _FORTIFY_SOURCE: __read_chk, for the buffer's size is known. */
long trap_read(int fd, unsigned long size)
{
    char buf[16];
    long got = read(fd, buf, size);

    return got > 0 ? got * 1000 + buf[0] : got;
}

/* With _FILE_OFFSET_BITS=64: open64; with _FORTIFY_SOURCE: perhaps __open_2. */
int trap_open(const char *path, int flags)
{
    return open(path, flags);
}

/* C99: __isoc99_sscanf. */
int trap_scan(const char *text)
{
    int value = -1;

    return sscanf(text, "%d", &value) == 1 ? value : -1;
}

/* Compilers make puts of it, unless told not to. */
void trap_hello(void)
{
    printf("hello\n");
}

/* Variable arguments in registers, in xmm registers and on the stack. */
int trap_format(char *buf, unsigned long size, int n, double d)
{
    return snprintf(buf, size, "%d %.1f %s %d %d %d %d %.1f", n, d, "str", 1, 2, 3, 4, d * 2);
}

int trap_control(int fd)
{
    return fcntl(fd, F_GETFD) + fcntl(fd, F_SETFL, O_NONBLOCK);
}

long trap_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}
