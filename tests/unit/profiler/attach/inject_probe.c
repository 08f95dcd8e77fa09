/*
 * What the injection test puts into its target: an entry that says it was called, by allocating and
 * by writing the text's length to the descriptor named in it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int inject_probe_entry(const char *text);
int inject_probe_refuse(const char *text);

int inject_probe_entry(const char *text)
{
    char *copy = strdup(text);
    int fd = atoi(copy);
    char byte = (char)strlen(copy);

    free(copy);
    return write(fd, &byte, 1) == 1 ? 0 : 1;
}

int inject_probe_refuse(const char *text)
{
    (void)text;
    return 42;
}
