/*
 * Files as a whole: read, view, and written so that a reader never sees half of one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_FILE_H
#define PROFILER_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/base/buf.h"
#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"

/* A file's bytes for reading. Zero is a valid closed one. */
struct pf_file {
    void *map;
    size_t size;
    bool is_copy; /* map is heap memory */
};

/*
 * View a regular file. One of less than 64 MiB is read, so that its being cut short meanwhile (a
 * package upgrade, a profile written over) is no SIGBUS of ours; a larger one is mapped. An empty
 * file has an empty view. The second is the same for a descriptor, which stays open; name is for
 * the message.
 */
ASSAY_CHECKED
bool pf_file_open(struct pf_file *out, const char *path, struct pf_err *err);
ASSAY_CHECKED
bool pf_file_open_fd(struct pf_file *out, int fd, const char *name, struct pf_err *err);
void pf_file_close(struct pf_file *file);
struct pf_bytes pf_file_view(const struct pf_file *file);

/*
 * Read to the end into out, appending: for /proc and pipes, whose size is not known. Stops with
 * PF_ERR_LIMIT at max bytes.
 */
ASSAY_CHECKED
bool pf_file_read(struct pf_buf *out, const char *path, size_t max, struct pf_err *err);
ASSAY_CHECKED
bool pf_file_read_fd(struct pf_buf *out, int fd, size_t max, struct pf_err *err);

/*
 * A file in the making. Bytes go to a temporary file beside path; commit makes it appear under path
 * in one step (rename), so a crash, a full disk or Ctrl-C leaves what stood there before. A link
 * stays one: the file it leads to is replaced. Where path is no regular file (a pipe, a terminal)
 * or a descriptor's ("/dev/stdout"), bytes go straight there; a pipe's reader must come within a
 * second.
 */
struct pf_new_file {
    int fd;
    bool direct;
    char *path;
    char *temporary;
};

ASSAY_CHECKED
bool pf_new_file_open(struct pf_new_file *out, const char *path, struct pf_err *err);
ASSAY_CHECKED
bool pf_new_file_commit(struct pf_new_file *file, struct pf_err *err);

/* Removes the temporary file unless committed. Safe on zero and after commit. */
void pf_new_file_close(struct pf_new_file *file);

/* Could a file be written there (what is no regular file: opened for it)? Asked before work whose
 * result would have nowhere to go; nothing is left behind, and nobody who reads a pipe is woken. */
ASSAY_CHECKED
bool pf_new_file_check(const char *path, struct pf_err *err);

/* All of bytes to fd, through short writes and EINTR; name is for the message. */
ASSAY_CHECKED
bool pf_file_write_fd(int fd, struct pf_bytes bytes, const char *name, struct pf_err *err);

/* All three steps for bytes already in memory. */
ASSAY_CHECKED
bool pf_file_write(const char *path, struct pf_bytes bytes, struct pf_err *err);

#endif
