/*
 * Functions of the program itself, faked for every caller: the first bytes lead to the wrapper.
 *
 * The code under test is built with -fpatchable-function-entry=16: each function begins with 16
 * bytes of nothing (after endbr64), listed in __patchable_function_entries. They become a jump; the
 * real function goes on behind them. An idle wrapper passes straight on, so the patch stays.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocks/mock_priv.h"

enum { PATCH_BYTES = 16, ENDBR64_BYTES = 4 };

extern const uintptr_t __start___patchable_function_entries[] __attribute__((weak));
extern const uintptr_t __stop___patchable_function_entries[] __attribute__((weak));

/* Where the function's 16 bytes are; 0 if it has none. */
static uintptr_t find_room(uintptr_t function)
{
    const uintptr_t *rooms = __start___patchable_function_entries;
    size_t bytes = (uintptr_t)__stop___patchable_function_entries - (uintptr_t)rooms;

    for (size_t i = 0; i < bytes / sizeof *rooms; i++)
        if (rooms[i] == function || rooms[i] == function + ENDBR64_BYTES)
            return rooms[i];
    return 0;
}

static bool write_code(uintptr_t at, const unsigned char *code, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = at & ~(page - 1);
    size_t span = at + size - start;

    if (mprotect((void *)start, span, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        return false;
    memcpy((void *)at, code, size);
    (void)mprotect((void *)start, span, PROT_READ | PROT_EXEC);
    return true;
}

/* jmp *0(%rip), and the address behind it. */
static bool lead_to(uintptr_t room, void (*wrapper)(void))
{
    unsigned char code[PATCH_BYTES] = {0xff, 0x25, 0, 0, 0, 0};

    memcpy(code + 6, &wrapper, sizeof wrapper);
    memset(code + 14, 0x90, sizeof code - 14);
    return write_code(room, code, sizeof code);
}

static void patch(const struct mk_link *link)
{
    uintptr_t function = 0;
    unsigned found = mk_symbol_find(link->name, &function);
    uintptr_t room = found == 1 ? find_room(function) : 0;

    if (found != 1)
        mk_fail_at("assay_wrap", 0,
                   "%s: the program has %u functions of this name%s: it cannot be mocked",
                   link->name, found, found ? "" : " (stripped, or inlined)");
    else if (!room)
        mk_fail_at("assay_wrap", 0,
                   "%s: built without -fpatchable-function-entry=16: it cannot be mocked",
                   link->name);
    else if (!lead_to(room, link->wrapper))
        mk_fail_at("assay_wrap", 0, "%s: its code may not be changed here: mprotect: %s",
                   link->name, strerrordesc_np(errno));
    else
        *link->real = (void (*)(void))(room + PATCH_BYTES);
}

void mk_patch_all(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        for (const struct mk_link *link = (*fn)->links; link && link->name; link++)
            if (link->real)
                patch(link);
}
