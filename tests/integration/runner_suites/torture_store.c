/*
 * Code under torture: one function that takes every failure well, and some that do not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "torture_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int store_well(const char *path)
{
    int result = -1;
    char *text = malloc(16);
    int fd = open(path, O_RDONLY);

    if (text && fd >= 0) {
        strcpy(text, "stored");
        result = 0;
    }
    if (fd >= 0)
        close(fd);
    free(text);
    return result;
}

int store_crashing(void)
{
    char *first = malloc(16);
    char *second = malloc(16);

    if (!first)
        return -1;
    second[0] = 'x';
    free(second);
    free(first);
    return 0;
}

int store_leaking_fd(const char *path)
{
    int fd = open(path, O_RDONLY);
    char *text = malloc(16);

    if (!text)
        return -1;
    free(text);
    if (fd >= 0)
        close(fd);
    return 0;
}

int store_leaking_memory(const char *path)
{
    char *text = malloc(16);

    if (!text)
        return -1;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1; /* without text */
    close(fd);
    free(text);
    return 0;
}

int store_hanging(const char *path)
{
    int fd = open(path, O_RDONLY);

    while (fd < 0)
        pause();
    close(fd);
    return 0;
}
