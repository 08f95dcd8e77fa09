/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_inside.h"

#include <string.h>

/* What gcc does without optimising, too. */
#define ALWAYS "-fno-ipa-stack-alignment"

/* The same list as in cmake/AssayWrap.cmake. */
static const char *const options[] = {
    "-fno-inline",     "-fno-ipa-cp", "-fno-ipa-bit-cp",       "-fno-ipa-vrp",
    "-fno-ipa-sra",    "-fno-ipa-ra", "-fno-ipa-icf",          "-fno-ipa-pure-const",
    "-fno-ipa-modref", ALWAYS,        "-fno-partial-inlining", NULL,
};

/* The next word of *text, which is advanced; its size, 0 at the end. */
static size_t next_word(const char **text)
{
    *text += strspn(*text, " ");
    return strcspn(*text, " ");
}

bool mk_gen_has_option(const char *producer, const char *option)
{
    size_t size = strlen(option), word;

    for (const char *at = producer; (word = next_word(&at)); at += word)
        if (word == size && memcmp(at, option, size) == 0)
            return true;
    return false;
}

bool mk_gen_is_optimised(const char *producer)
{
    bool optimised = false;
    size_t word;

    for (const char *at = producer; (word = next_word(&at)); at += word)
        if (word >= 2 && at[0] == '-' && at[1] == 'O')
            optimised = !(word == 3 && at[2] == '0');
    return optimised;
}

bool mk_gen_is_gcc(const char *producer)
{
    return strncmp(producer, "GNU ", 4) == 0;
}

void mk_gen_inside_lacks(struct pf_buf *out, const char *producer, bool optimised)
{
    if (!mk_gen_is_gcc(producer)) {
        pf_buf_put_str(out, optimised ? "-O0" : "");
        return;
    }
    bool all = mk_gen_is_optimised(producer);
    for (unsigned i = 0; options[i]; i++)
        if ((all || strcmp(options[i], ALWAYS) == 0) && !mk_gen_has_option(producer, options[i]))
            pf_buf_printf(out, "%s%s", out->size ? " " : "", options[i]);
}
