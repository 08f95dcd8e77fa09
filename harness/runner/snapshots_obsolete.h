/*
 * Snapshots nobody asks for any more: stored beside the sources, but of no test that ran.
 *
 * A test that was renamed leaves its old snapshot behind, and whoever reads it there believes it is
 * still compared. Only a run of every test can tell, and where in doubt a file is kept: of a test
 * that did not pass, or beside a source that takes snapshots and had no part in the run.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_SNAPSHOTS_OBSOLETE_H
#define HARNESS_RUNNER_SNAPSHOTS_OBSOLETE_H

#include <sys/types.h>

#include "harness/runner/snapshots.h"

/* A file, whatever path leads to it. */
struct hn_file_id {
    dev_t device;
    ino_t inode;
};

/* What the tests of a run asked for. Zero is a valid empty one. */
struct hn_snapshot_book {
    struct hn_file_id *asked;
    const char **sources; /* where assay_snapshot() stands; in the plan's arena */
    size_t asked_count, asked_capacity, source_count, source_capacity;
    const char **written; /* of new and updated ones, what is to be told */
    size_t written_count;
};

/* The snapshot at path was asked for in source, and is there now. Copies source into arena. */
void hn_snapshot_book_note(struct hn_snapshot_book *book, struct pf_arena *arena,
                           const char *source, const char *path);

/* A file was written: "snapshot taken: PATH". Keeps text, which is in the plan's arena. */
void hn_snapshot_book_written(struct hn_snapshot_book *book, const char *text);
void hn_snapshot_book_fini(struct hn_snapshot_book *book);

/*
 * After a run: fill plan->obsolete, and remove the files where options say update. In CI they make
 * the run red, unless removed. Does nothing when a test was not chosen or did not come to its turn.
 */
void hn_snapshots_find_obsolete(struct hn_plan *plan, const struct hn_snapshots *options);

#endif
