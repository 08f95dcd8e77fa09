/*
 * Any bytes as a perf map, as kallsyms, as a table of sockets, as a line of a system call.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/attach/fd_name.h"
#include "profiler/attach/thread_wait.h"
#include "profiler/symbol/textmap.h"

static void match(struct pf_bytes text, void (*how)(struct pf_bytes, struct pf_queries *))
{
    struct pf_arena arena = {0};
    struct pf_query at[8] = {{.file_addr = 0},          {.file_addr = 0x10},
                             {.file_addr = 0x1000},     {.file_addr = 0x7f0000001000},
                             {.file_addr = UINT64_MAX}, {.file_addr = 0x500010},
                             {.file_addr = 0x12345678}, {.file_addr = 0xffffffff81000010}};
    struct pf_queries queries = {at, 8, &arena};

    pf_queries_sort(&queries);
    how(text, &queries);
    pf_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pf_bytes text = {data, size};
    char out[128];
    struct pf_thread_syscall call;

    match(text, pf_perfmap_match);
    match(text, pf_kallsyms_match);
    (void)pf_socket_name(text, "tcp", 4711, out, sizeof out);
    (void)pf_socket_name(text, "unix", 815, out, sizeof out);
    char *line = strndup((const char *)data, size);
    (void)pf_thread_syscall_parse(&call, line ? line : "");
    free(line);
    return 0;
}
