/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_inside.h"

#include <string.h>

/* The same list as in cmake/AssayWrap.cmake. */
static const char *const options[] = {
    "-fno-inline",           "-fno-ipa-cp",
    "-fno-ipa-bit-cp",       "-fno-ipa-vrp",
    "-fno-ipa-sra",          "-fno-ipa-ra",
    "-fno-ipa-icf",          "-fno-ipa-pure-const",
    "-fno-ipa-modref",       "-fno-ipa-stack-alignment",
    "-fno-partial-inlining", NULL,
};

/* The next word of *text, which is advanced; its size, 0 at the end. */
static size_t next_word(const char **text)
{
    *text += strspn(*text, " ");
    return strcspn(*text, " ");
}

static bool has_option(const char *producer, const char *option)
{
    size_t size = strlen(option), word;

    for (const char *at = producer; (word = next_word(&at)); at += word)
        if (word == size && memcmp(at, option, size) == 0)
            return true;
    return false;
}

/* The last -O wins; without one nothing is optimised. */
static bool is_optimised(const char *producer)
{
    bool optimised = false;
    size_t word;

    for (const char *at = producer; (word = next_word(&at)); at += word)
        if (word >= 2 && at[0] == '-' && at[1] == 'O')
            optimised = !(word == 3 && at[2] == '0');
    return optimised;
}

static bool is_gcc(const char *producer)
{
    return strncmp(producer, "GNU ", 4) == 0;
}

void mk_gen_inside_lacks(struct pf_buf *out, const char *producer, bool optimised)
{
    if (!is_gcc(producer)) {
        pf_buf_put_str(out, optimised ? "-O0" : "");
        return;
    }
    for (unsigned i = 0; is_optimised(producer) && options[i]; i++)
        if (!has_option(producer, options[i]))
            pf_buf_printf(out, "%s%s", out->size ? " " : "", options[i]);
}
