/*
 * assay-wrapgen: the generator alone, for builds: no other part of Assay is needed to make it.
 *
 *     assay-wrapgen -o DIR [--quiet] [--include HEADER]... [--caller LIB.so]...
 *                   --function NAME... --inside NAME... OBJECT...
 *
 * --inside: a function whose calls are to be seen inside its own file, too.
 * A word "@FILE" is replaced by the lines of FILE. People use "assay wrap", which is the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "mocks/generator/gen_wrap.h"
#include "profiler/base/file.h"

enum { MAX_WORDS = 65536, MAX_LIST_BYTES = 64 << 20 };

struct words {
    const char **at;
    unsigned count;
};

struct line {
    struct words names, inside, objects, headers, callers;
    const char *dir;
    bool quiet;
};

static void add_word(struct words *words, const char *word)
{
    if ((words->count & (words->count - 1)) == 0)
        words->at =
            pf_mem_resize(words->at, words->count ? words->count * 2 : 1, sizeof *words->at);
    if (words->count < MAX_WORDS)
        words->at[words->count++] = word;
}

static bool add_list(struct words *words, const char *path, struct pf_arena *arena,
                     struct pf_err *err)
{
    struct pf_buf text = {0};
    struct pf_bytes line;

    if (!pf_file_read(&text, path, MAX_LIST_BYTES, err))
        return false;
    struct pf_cursor cursor = pf_cursor_view(pf_buf_view(&text));
    while (pf_cursor_line(&cursor, &line))
        if (line.size)
            add_word(words, pf_arena_text(arena, line.at, line.size));
    pf_buf_fini(&text);
    return true;
}

static bool expand(struct words *out, int argc, char **argv, struct pf_arena *arena,
                   struct pf_err *err)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '@')
            add_word(out, argv[i]);
        else if (!add_list(out, argv[i] + 1, arena, err))
            return false;
    }
    return true;
}

static void add_inside(struct line *line, const char *name)
{
    add_word(&line->names, name);
    add_word(&line->inside, name);
}

static bool read_words(struct line *line, const struct words *words, struct pf_err *err)
{
    for (unsigned i = 0; i < words->count; i++) {
        const char *word = words->at[i];
        const char *next = i + 1 < words->count ? words->at[i + 1] : NULL;

        if (strcmp(word, "--quiet") == 0) {
            line->quiet = true;
        } else if (word[0] != '-') {
            add_word(&line->objects, word);
        } else if (!next) {
            return pf_err_set(err, PF_ERR_USAGE, "%s wants an argument", word);
        } else {
            i++;
            if (strcmp(word, "-o") == 0)
                line->dir = next;
            else if (strcmp(word, "--include") == 0)
                add_word(&line->headers, next);
            else if (strcmp(word, "--caller") == 0)
                add_word(&line->callers, next);
            else if (strcmp(word, "--function") == 0)
                add_word(&line->names, next);
            else if (strcmp(word, "--inside") == 0)
                add_inside(line, next);
            else
                return pf_err_set(err, PF_ERR_USAGE, "unknown option %s", word);
        }
    }
    if (!line->dir || !line->names.count || !line->objects.count)
        return pf_err_set(err, PF_ERR_USAGE,
                          "usage: assay-wrapgen -o DIR --function NAME... OBJECT...");
    return true;
}

static bool run(const struct line *line, struct pf_err *err)
{
    const struct mk_gen_request request = {
        .names = line->names.at,
        .name_count = line->names.count,
        .objects = line->objects.at,
        .object_count = line->objects.count,
        .headers = line->headers.at,
        .header_count = line->headers.count,
        .inside = line->inside.at,
        .inside_count = line->inside.count,
        .callers = line->callers.at,
        .caller_count = line->callers.count,
    };
    return mk_gen_wrap(&request, line->dir, line->quiet ? NULL : stdout, err);
}

int main(int argc, char **argv)
{
    struct pf_err err = {0};
    struct pf_arena arena = {0};
    struct words words = {0};
    struct line line = {0};

    bool ok = expand(&words, argc, argv, &arena, &err) && read_words(&line, &words, &err)
              && run(&line, &err);
    if (!ok)
        (void)fprintf(stderr, "assay-wrapgen: %s\n", err.text);
    free(words.at);
    free(line.names.at);
    free(line.inside.at);
    free(line.objects.at);
    free(line.headers.at);
    free(line.callers.at);
    pf_arena_fini(&arena);
    return ok ? 0 : pf_err_exit_status(err.code);
}
