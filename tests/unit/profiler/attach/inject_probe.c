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
int inject_probe_linger(const char *text);

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

/* "WRITE READ", two descriptors: says it is in, and stays until told to go. */
int inject_probe_linger(const char *text)
{
    char *rest = NULL;
    int to = (int)strtol(text, &rest, 10);
    int from = (int)strtol(rest, NULL, 10);
    char byte = 0;

    return write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1 ? 0 : 1;
}
