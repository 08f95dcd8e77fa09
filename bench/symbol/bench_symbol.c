/*
 * Names for many addresses of one object: pf_symbolize against addr2line and eu-addr2line, which
 * get the same addresses on standard input. CPU time of user and kernel, median of the rounds.
 *
 * usage: bench_symbol OBJECT COUNT
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/clock.h"
#include "profiler/profile/profile.h"
#include "profiler/symbol/symbolize.h"
#include "profiler/symbol/symfile.h"

enum { ROUNDS = 5, MAPPED_AT = 0x10000000 };

/* Addresses spread over the object's code: offsets in the file and in memory-to-be. */
struct addresses {
    uint64_t *offsets, *file_addrs;
    unsigned count;
    char build_id[PF_BUILD_ID_HEX];
};

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static bool choose(struct addresses *addresses, const char *object, unsigned count)
{
    struct pf_symfile file = {0};
    struct pf_err err;
    uint64_t random = 0x9e3779b97f4a7c15;
    uint64_t start = 0;

    if (!pf_symfile_open(&file, object, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        return false;
    }
    addresses->offsets = pf_mem_new(count, sizeof(uint64_t));
    addresses->file_addrs = pf_mem_new(count, sizeof(uint64_t));
    memcpy(addresses->build_id, file.build_id, sizeof file.build_id);
    uint64_t size = file.code.at[0].end - file.code.at[0].start;
    while (pf_symfile_addr_of_offset(&file, start, &addresses->file_addrs[0])
           && addresses->file_addrs[0] < file.code.at[0].start)
        start++;
    for (addresses->count = 0; addresses->count < count;) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        unsigned i = addresses->count;
        addresses->offsets[i] = start + random % size;
        addresses->count +=
            pf_symfile_addr_of_offset(&file, addresses->offsets[i], &addresses->file_addrs[i]);
    }
    pf_symfile_close(&file);
    return true;
}

static double run_ours(const char *object, const struct addresses *addresses, unsigned *named,
                       unsigned *with_lines)
{
    struct pf_symbolize options = {.skip_debuginfod = true};
    struct pf_symbolize_stats stats = {0};
    struct pf_profile profile;
    struct pf_err err;

    pf_profile_init(&profile);
    struct pf_mapping mapping = {.start = MAPPED_AT,
                                 .limit = UINT64_MAX,
                                 .file = pf_profile_string(&profile, object),
                                 .build_id = pf_profile_string(&profile, addresses->build_id)};
    uint32_t index = pf_profile_mapping(&profile, &mapping);
    for (unsigned i = 0; i < addresses->count; i++)
        (void)pf_profile_location(&profile, MAPPED_AT + addresses->offsets[i], index);
    if (!pf_symbolize(&profile, &options, &stats, &err))
        (void)fprintf(stderr, "%s\n", err.text);
    pf_profile_fini(&profile);
    *named = stats.named;
    *with_lines = stats.with_lines;
    return (double)stats.cpu_ns / 1e6;
}

static double children_ms(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static double run_peer(const char *peer, const char *object, const struct addresses *addresses)
{
    char command[1024];
    double before = children_ms();

    (void)snprintf(command, sizeof command, "exec %s -f -i -e '%s' >/dev/null 2>&1", peer, object);
    FILE *to = popen(command, "w");
    if (!to)
        return 0;
    for (unsigned i = 0; i < addresses->count; i++)
        (void)fprintf(to, "0x%llx\n", (unsigned long long)addresses->file_addrs[i]);
    if (pclose(to) != 0)
        return 0;
    return children_ms() - before;
}

int main(int argc, char **argv)
{
    struct addresses addresses = {0};
    static const char *const peers[] = {"addr2line", "eu-addr2line"};
    double ours[ROUNDS];
    double theirs[2][ROUNDS];
    unsigned named = 0;
    unsigned with_lines = 0;

    if (argc != 3 || !choose(&addresses, argv[1], (unsigned)atoi(argv[2])))
        return 2;
    for (unsigned round = 0; round < ROUNDS; round++) {
        ours[round] = run_ours(argv[1], &addresses, &named, &with_lines);
        for (unsigned peer = 0; peer < 2; peer++)
            theirs[peer][round] = run_peer(peers[peer], argv[1], &addresses);
    }
    qsort(ours, ROUNDS, sizeof ours[0], by_value);
    (void)printf("%s, %u addresses: %.1f ms [%.1f-%.1f], %.0f %% named, %.0f %% with lines\n",
                 argv[1], addresses.count, ours[ROUNDS / 2], ours[0], ours[ROUNDS - 1],
                 100.0 * named / addresses.count, 100.0 * with_lines / addresses.count);
    for (unsigned peer = 0; peer < 2; peer++) {
        qsort(theirs[peer], ROUNDS, sizeof(double), by_value);
        (void)printf("  %-12s %8.1f ms [%.1f-%.1f]: ours is 1/%.1f\n", peers[peer],
                     theirs[peer][ROUNDS / 2], theirs[peer][0], theirs[peer][ROUNDS - 1],
                     theirs[peer][ROUNDS / 2] / ours[ROUNDS / 2]);
    }
    free(addresses.offsets);
    free(addresses.file_addrs);
    return 0;
}
