/*
 * A directory of its own for every test, gone after it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_TEMP_DIR_H
#define HARNESS_RUNNER_TEMP_DIR_H

#include <stdbool.h>
#include <stddef.h>

/* Zero is a valid one without a place: tests then get no directory. */
struct hn_temp_dir {
    char base[128];
    unsigned made;
};

/* In $TMPDIR, /tmp, /var/tmp, /dev/shm or the working directory, where one can be written. */
bool hn_temp_dir_open(struct hn_temp_dir *temp);
void hn_temp_dir_close(struct hn_temp_dir *temp);

/* A fresh empty one, "" if there is no place. path is "", or what recycle left. */
void hn_temp_dir_make(struct hn_temp_dir *temp, char *path, size_t size);

/* As remove, but one that is empty and as it was made stays for the next make. */
void hn_temp_dir_recycle(char *path);

void hn_temp_dir_remove(const char *path);

#endif
