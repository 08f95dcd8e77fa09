/* SPDX-License-Identifier: MIT */
#include "harness/runner/snapshots_obsolete.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/base/file.h"

enum { PATH_SIZE = 4096, SOURCE_MAX = 16 << 20, NAME_SIZE = 512 };

struct seeker {
    struct hn_plan *plan;
    const struct hn_snapshots *options;
    struct hn_file_id *sources, *directories; /* those seen already */
    size_t source_count, directory_count;
    struct hn_obsolete **end; /* where the next finding goes */
};

static bool file_id(struct hn_file_id *out, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    *out = (struct hn_file_id){st.st_dev, st.st_ino};
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    const struct hn_file_id *a = left, *b = right;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static bool has_id(const struct hn_file_id *ids, size_t count, const struct hn_file_id *id)
{
    for (size_t i = 0; i < count; i++)
        if (compare_ids(&ids[i], id) == 0)
            return true;
    return false;
}

void hn_snapshot_book_note(struct hn_snapshot_book *book, struct pf_arena *arena,
                           const char *source, const char *path)
{
    struct hn_file_id id;

    if (!file_id(&id, path))
        return;
    if (book->asked_count == book->asked_capacity) {
        book->asked_capacity = book->asked_capacity ? 2 * book->asked_capacity : 64;
        book->asked = pf_mem_resize(book->asked, book->asked_capacity, sizeof *book->asked);
    }
    book->asked[book->asked_count++] = id;
    for (size_t i = 0; i < book->source_count; i++)
        if (strcmp(book->sources[i], source) == 0)
            return;
    if (book->source_count == book->source_capacity) {
        book->source_capacity = book->source_capacity ? 2 * book->source_capacity : 16;
        book->sources = pf_mem_resize(book->sources, book->source_capacity, sizeof *book->sources);
    }
    book->sources[book->source_count++] = pf_arena_text(arena, source, strlen(source));
}

void hn_snapshot_book_written(struct hn_snapshot_book *book, const char *text)
{
    book->written = pf_mem_resize(book->written, book->written_count + 1, sizeof *book->written);
    book->written[book->written_count++] = text;
}

void hn_snapshot_book_fini(struct hn_snapshot_book *book)
{
    free(book->written);
    free(book->asked);
    free(book->sources);
    *book = (struct hn_snapshot_book){0};
}

/* Only a run in which every test had its turn knows what none of them asks for. */
static bool is_whole_run(const struct hn_plan *plan)
{
    for (uint32_t i = 0; i < plan->binary_count; i++)
        if (plan->binaries[i].kind == HN_BINARY_BAD)
            return false;
    for (uint32_t i = 0; i < plan->test_count; i++)
        if (!plan->tests[i].chosen || plan->tests[i].status == HN_NOT_RUN)
            return false;
    return plan->test_count > 0;
}

/* "SUITE.TEST.N.snap": N away, and what remains compared with every test's name. A file whose test
 * is still there is obsolete when the test passed without asking for it. */
static bool find_owner(const struct hn_plan *plan, const char *file, bool *passed)
{
    char name[NAME_SIZE], test[NAME_SIZE];
    bool found = false;

    (void)snprintf(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(".snap")), file);
    char *dot = strrchr(name, '.');
    if (!dot || !isdigit((unsigned char)dot[1]))
        return false;
    *dot = '\0';
    *passed = true;
    for (uint32_t i = 0; i < plan->test_count; i++) {
        hn_snapshot_name(test, sizeof test, &plan->tests[i]);
        if (strcmp(name, test) != 0)
            continue;
        found = true;
        *passed &= plan->tests[i].status == HN_PASS || plan->tests[i].status == HN_FLAKY;
    }
    return found;
}

static bool is_source(const char *name)
{
    static const char *const ends[] = {".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".inc"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(dot, ends[i]) == 0)
            return true;
    return false;
}

static bool takes_snapshots(const char *path)
{
    struct pf_buf text = {0};
    struct pf_err err = {0};
    bool does = !pf_file_read(&text, path, SOURCE_MAX, &err) /* who knows? */
                || memmem(text.at, text.size, "assay_snapshot", strlen("assay_snapshot"));

    pf_buf_fini(&text);
    return does;
}

/* Did every source that takes snapshots in this directory have a part in the run? */
static bool is_covered(const struct seeker *seeker, const char *directory)
{
    char path[PATH_SIZE];
    struct hn_file_id id;
    bool covered = true;
    DIR *dir = opendir(directory);

    for (struct dirent *entry; dir && covered && (entry = readdir(dir));) {
        if (!is_source(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%.3500s/%s", directory, entry->d_name);
        covered = (file_id(&id, path) && has_id(seeker->sources, seeker->source_count, &id))
                  || !takes_snapshots(path);
    }
    if (dir)
        (void)closedir(dir);
    return dir && covered;
}

static void add_finding(struct seeker *seeker, const char *path)
{
    struct hn_obsolete *found = pf_arena_alloc(&seeker->plan->arena, sizeof *found);

    found->path = pf_arena_text(&seeker->plan->arena, path, strlen(path));
    found->removed = seeker->options->update && unlink(path) == 0;
    seeker->plan->obsolete_is_red |= seeker->options->refuse_missing && !found->removed;
    *seeker->end = found;
    seeker->end = &found->next;
}

static bool was_asked(const struct seeker *seeker, const char *path)
{
    const struct hn_snapshot_book *book = seeker->options->book;
    struct hn_file_id id;

    return !file_id(&id, path)
           || (book->asked_count
               && bsearch(&id, book->asked, book->asked_count, sizeof id, compare_ids));
}

static int is_snapshot(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > strlen(".snap") && strcmp(entry->d_name + size - strlen(".snap"), ".snap") == 0;
}

static void seek_in(struct seeker *seeker, const char *directory)
{
    char snapshots[PATH_SIZE], path[PATH_SIZE];
    struct dirent **entries = NULL;
    int covered = -1; /* not looked yet */

    (void)snprintf(snapshots, sizeof snapshots, "%.3500s/snapshots", directory);
    int count = scandir(snapshots, &entries, is_snapshot, alphasort);
    for (int i = 0; i < count; i++) {
        bool passed = false;
        (void)snprintf(path, sizeof path, "%.3800s/%s", snapshots, entries[i]->d_name);
        if (!was_asked(seeker, path)) {
            bool owned = find_owner(seeker->plan, entries[i]->d_name, &passed);
            if (!owned && covered < 0)
                covered = is_covered(seeker, directory);
            if (owned ? passed : covered)
                add_finding(seeker, path);
        }
        free(entries[i]);
    }
    free(entries);
    if (seeker->options->update)
        (void)rmdir(snapshots); /* if nothing is left in it */
}

/* The file's directory as text, "." if it has none. */
static void directory_of(char out[PATH_SIZE], const char *file)
{
    (void)snprintf(out, PATH_SIZE, "%.3500s", file);
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    else
        (void)strcpy(out, ".");
}

/* Files of tests and of calls; a test's file is looked at once for many tests in a row. */
static void add_source(struct seeker *seeker, const char *file)
{
    struct hn_file_id id;

    if (file_id(&id, file) && !has_id(seeker->sources, seeker->source_count, &id))
        seeker->sources[seeker->source_count++] = id;
}

static void seek_beside(struct seeker *seeker, const char *file)
{
    char directory[PATH_SIZE];
    struct hn_file_id id;

    directory_of(directory, file);
    if (!file_id(&id, directory) || has_id(seeker->directories, seeker->directory_count, &id))
        return;
    seeker->directories[seeker->directory_count++] = id;
    seek_in(seeker, directory);
}

static void for_each_source(struct seeker *seeker, void (*visit)(struct seeker *, const char *))
{
    const struct hn_plan *plan = seeker->plan;
    const struct hn_snapshot_book *book = seeker->options->book;

    for (uint32_t i = 0; i < plan->test_count; i++)
        if (i == 0 || strcmp(plan->tests[i].file, plan->tests[i - 1].file) != 0)
            visit(seeker, plan->tests[i].file);
    for (size_t i = 0; i < book->source_count; i++)
        visit(seeker, book->sources[i]);
}

void hn_snapshots_find_obsolete(struct hn_plan *plan, const struct hn_snapshots *options)
{
    struct seeker seeker = {.plan = plan, .options = options, .end = &plan->obsolete};
    struct hn_snapshot_book *book = options->book;

    if (!book || !is_whole_run(plan))
        return;
    size_t most = plan->test_count + book->source_count;
    seeker.sources = pf_mem_new(most, sizeof *seeker.sources);
    seeker.directories = pf_mem_new(most, sizeof *seeker.directories);
    if (book->asked_count)
        qsort(book->asked, book->asked_count, sizeof *book->asked, compare_ids);
    for_each_source(&seeker, add_source);
    for_each_source(&seeker, seek_beside);
    free(seeker.sources);
    free(seeker.directories);
}
