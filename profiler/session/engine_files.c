/* SPDX-License-Identifier: MIT */
#include "profiler/session/engine_files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/base/arena.h"
#include "profiler/profile/merge.h"
#include "profiler/profile/profile.h"
#include "profiler/session/record_engine.h"

/* Paths of the files, in order of name. */
struct files {
    char *at[PF_ENGINE_FILES_MAX];
    uint32_t count, left_out;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_files(struct files *files, const char *dir, const char *prefix)
{
    DIR *stream = opendir(dir);
    struct dirent *entry = NULL;
    struct stat about;

    while (stream && (entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0
            || fstatat(dirfd(stream), entry->d_name, &about, 0) != 0 || !S_ISREG(about.st_mode)
            || about.st_size == 0)
            continue;
        if (files->count == PF_ENGINE_FILES_MAX) {
            files->left_out++;
            continue;
        }
        size_t size = strlen(dir) + strlen(entry->d_name) + 2;
        files->at[files->count] = pf_mem_new(size, 1);
        (void)snprintf(files->at[files->count++], size, "%s/%s", dir, entry->d_name);
    }
    if (stream)
        (void)closedir(stream);
    if (files->count > 1)
        qsort(files->at, files->count, sizeof files->at[0], by_name);
}

static bool add_file(struct pf_record_job *job, const char *path, bool is_first, struct pf_err *err)
{
    struct pf_profile profile;

    pf_profile_init(&profile);
    bool ok = job->options->read_profile(&profile, path, err);
    if (ok && is_first)
        pf_profile_move(job->profile, &profile);
    else if (ok)
        ok = pf_profile_merge(job->profile, &profile, err);
    pf_profile_fini(&profile);
    return ok;
}

bool pf_engine_files_load(struct pf_record_job *job, const char *dir, const char *prefix,
                          struct pf_err *err)
{
    struct files files = {0};
    uint32_t read_count = 0;
    struct pf_err why = {0};

    list_files(&files, dir, prefix);
    for (uint32_t i = 0; i < files.count; i++) {
        read_count += add_file(job, files.at[i], read_count == 0, &why);
        free(files.at[i]);
    }
    if (read_count == 0 && files.count > 0) {
        *err = why;
        return false;
    }
    if (read_count == 0)
        return pf_err_set(err, PF_ERR_NOT_FOUND, "%s left no profile", job->summary->engine);
    if (read_count < files.count + files.left_out)
        pf_record_job_note(job, "%u of %u profiles of processes could not be read",
                           files.count + files.left_out - read_count, files.count + files.left_out);
    return true;
}

void pf_engine_files_count(struct pf_record_job *job)
{
    const struct pf_profile *profile = job->profile;
    uint64_t count = 0;

    for (uint32_t i = 0; i < profile->samples.count; i++)
        count += (uint64_t)pf_profile_values_view(profile, i)[0];
    job->summary->samples = count; /* neither tool says where it lost its way: no word of roots */
}
