/*
 * The shipped catalogue: the files of mocks/catalogue, put into the program by the assembler.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mocks/generator/gen_catalogue.h"

#define FILE_IN(name)                                                                              \
    __asm__(".pushsection .rodata\n"                                                               \
            "mk_catalogue_" #name ":\n"                                                            \
            ".incbin \"" MK_CATALOGUE_DIR "/" #name ".cat\"\n"                                     \
            "mk_catalogue_" #name "_end:\n"                                                        \
            ".popsection\n");                                                                      \
    extern const char mk_catalogue_##name[] __attribute__((visibility("hidden")));                 \
    extern const char mk_catalogue_##name##_end[] __attribute__((visibility("hidden")));

FILE_IN(file)
FILE_IN(io)
FILE_IN(memory)
FILE_IN(process)
FILE_IN(socket)
FILE_IN(stdio)
FILE_IN(thread)
FILE_IN(time)

#define SHIPPED(name)                                                                              \
    {                                                                                              \
#name ".cat", mk_catalogue_##name, mk_catalogue_##name##_end                               \
    }

bool mk_gen_catalogue_shipped(struct mk_gen_catalogue *out, struct pf_err *err)
{
    static const struct {
        const char *name, *at, *end;
    } files[] = {SHIPPED(file),   SHIPPED(io),    SHIPPED(memory), SHIPPED(process),
                 SHIPPED(socket), SHIPPED(stdio), SHIPPED(thread), SHIPPED(time)};
    struct mk_gen_catalogue catalogue = {0};
    bool ok = true;

    for (unsigned i = 0; ok && i < sizeof files / sizeof *files; i++) {
        struct pf_bytes text = {files[i].at, (size_t)(files[i].end - files[i].at)};
        ok = mk_gen_catalogue_parse(&catalogue, text, files[i].name, err);
    }
    if (ok)
        *out = catalogue;
    else
        mk_gen_catalogue_fini(&catalogue);
    return ok;
}
