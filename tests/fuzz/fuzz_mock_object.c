/*
 * Any bytes as an object of the code under test: symbols and prototypes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/generator/gen_dwarf.h"
#include "mocks/generator/gen_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mk_gen_wanted wanted[] = {{.name = "loud"}, {.name = "read"}};
    struct mk_gen_symbols symbols = {0};
    struct pf_arena arena = {0};
    struct pf_err err = {0};
    char path[64];
    int fd = memfd_create("object", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    (void)!mk_gen_symbols_read(&symbols, path, &err);
    (void)!mk_gen_dwarf_read(wanted, 2, path, &arena, &err);
    mk_gen_symbols_fini(&symbols);
    pf_arena_fini(&arena);
    (void)close(fd);
    return 0;
}
