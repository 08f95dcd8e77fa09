/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_catalogue.h"

#include <criterion/criterion.h>
#include <string.h>

static const char golden[] =
    "# a comment\n"
    "include <unistd.h> <fcntl.h>\n"
    "fn ssize_t read(int fd, void *buf, size_t count)\n"
    "    fails -1 EIO EINTR\n"
    "    fills buf count returns\n"
    "    blocks\n"
    "    alias ssize_t __read_chk(int fd, void *buf, size_t count, size_t l)\n"
    "\n"
    "fn int open(const char *pathname, int flags, ...)\n"
    "    fails -1 ENOENT\n"
    "    vararg mode_t mode when flags & O_CREAT\n"
    "    also open64\n"
    "fn int join(long thread, void **retval)\n"
    "    fails number EDEADLK\n"
    "    stores retval\n"
    "fn int accept(int fd, struct sockaddr *addr, socklen_t *len)\n"
    "    fills addr *len\n";

static bool parse(struct mk_gen_catalogue *out, const char *text, size_t size, struct pf_err *err)
{
    return mk_gen_catalogue_parse(out, (struct pf_bytes){text, size}, "t.cat", err);
}

Test(gen_catalogue, golden_text_gives_its_entries)
{
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(parse(&catalogue, golden, sizeof golden - 1, &err), "%s", err.text);
    cr_assert_eq(catalogue.count, 4);
    const struct mk_gen_entry *read = mk_gen_catalogue_find(&catalogue, "__read_chk");
    cr_assert_str_eq(read->proto.name, "read");
    cr_assert_eq(read->header_count, 2);
    cr_assert_eq(read->failure, MK_GEN_FAILS_ERRNO);
    cr_assert_str_eq(read->errnos[1], "EINTR");
    cr_assert(read->blocks);
    cr_assert_eq(read->proto.params[1].role, MK_GEN_FILLS);
    cr_assert_str_eq(read->proto.params[1].length, "count");
    cr_assert(read->proto.params[1].fills_return);
    cr_assert_null(read->proto.params[1].element);
    mk_gen_catalogue_fini(&catalogue);
}

Test(gen_catalogue, what_pointers_are_filled_with_is_known)
{
    static const char text[] = "fn size_t fread(void *ptr, size_t size, size_t nmemb)\n"
                               "    fills ptr nmemb*size returns\n"
                               "    optimised fgetc\n"
                               "fn char *fgets(char *s, int size)\n    fills s size returned\n"
                               "fn int inet_pton(void *dst)\n    fills dst\n"
                               "fn int *pair(int *a, int *b)\n    stores a b[2] returned\n";
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(parse(&catalogue, text, sizeof text - 1, &err), "%s", err.text);
    const struct mk_gen_entry *entries = catalogue.entries;
    const struct mk_gen_param *ptr = &entries[0].proto.params[0];
    cr_assert_str_eq(ptr->length, "nmemb");
    cr_assert_str_eq(ptr->item_size, "size");
    cr_assert(ptr->fills_return && entries[0].if_optimised);
    cr_assert(entries[1].proto.params[0].returned && !entries[1].proto.params[0].fills_return);
    cr_assert(entries[2].proto.params[0].role == MK_GEN_FILLS
              && !entries[2].proto.params[0].length);
    cr_assert_eq(entries[3].proto.params[0].pointee_count, 0);
    cr_assert_eq(entries[3].proto.params[1].pointee_count, 2);
    cr_assert(entries[3].proto.params[1].returned && !entries[3].proto.params[0].returned);
    mk_gen_catalogue_fini(&catalogue);
}

Test(gen_catalogue, variable_arguments_and_pointers_to_lengths_are_known)
{
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(parse(&catalogue, golden, sizeof golden - 1, &err), "%s", err.text);
    const struct mk_gen_entry *open = mk_gen_catalogue_find(&catalogue, "open64");
    cr_assert_eq(open->proto.param_count, 3);
    cr_assert_str_eq(open->proto.params[2].when, "flags & O_CREAT");
    cr_assert_eq(open->proto.params[0].role, MK_GEN_STRING);
    const struct mk_gen_entry *join = mk_gen_catalogue_find(&catalogue, "join");
    cr_assert_eq(join->failure, MK_GEN_FAILS_RETURN);
    cr_assert_str_eq(join->proto.params[1].pointee, "void *");
    cr_assert(mk_gen_catalogue_find(&catalogue, "accept")->proto.params[1].length_is_object);
    cr_assert_null(mk_gen_catalogue_find(&catalogue, "close"));
    mk_gen_catalogue_fini(&catalogue);
}

Test(gen_catalogue, empty_text_is_an_empty_catalogue)
{
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(parse(&catalogue, "", 0, &err));
    cr_assert_eq(catalogue.count, 0);
    mk_gen_catalogue_fini(&catalogue);
}

Test(gen_catalogue, text_cut_at_any_byte_is_read_or_refused)
{
    for (size_t size = 0; size < sizeof golden; size++) {
        struct mk_gen_catalogue catalogue = {0};
        struct pf_err err = {0};
        char *cut = strndup(golden, size);

        if (!parse(&catalogue, cut, size, &err))
            cr_expect_eq(strncmp(err.text, "t.cat:", 6), 0, "%s", err.text);
        mk_gen_catalogue_fini(&catalogue);
        free(cut);
    }
}

Test(gen_catalogue, every_mistake_is_told_with_its_line)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"what is this\n", "t.cat:1: unknown word 'what'"},
        {"blocks\n", "t.cat:1: 'blocks' before any fn"},
        {"\nfn int f\n", "t.cat:2: 'int f' is not a prototype"},
        {"fn int f(int a)\nfn int f(int a)\n", "t.cat:2: f: listed twice"},
        {"fn int f(int a)\n fills b a\n", "t.cat:2: f has no parameter 'b'"},
        {"fn int f(void *a)\n fills a n\n", "t.cat:2: f has no parameter 'n'"},
        {"fn int f(void *a, int n)\n fills a n back\n", "t.cat:2: expected 'returns'"},
        {"fn int f(void *a, int n)\n fills a n*size\n", "t.cat:2: f has no parameter 'size'"},
        {"fn int f(int *a)\n stores b[2]\n", "t.cat:2: f has no parameter 'b'"},
        {"fn int f(int *a)\n stores a[2] back\n", "t.cat:2: f has no parameter 'back'"},
        {"fn int f(int a)\n stores a\n", "t.cat:2: 'a' is not a pointer"},
        {"fn int f(int a)\n vararg int b\n", "t.cat:2: f takes no variable argument"},
        {"fn int f(int a)\n alias nothing\n", "t.cat:2: 'nothing' is not a prototype"},
        {"fn int f(int a)\n also a b c d e g h i j\n", "t.cat:2: more than 8 aliases"},
        {"fn int f(int a)\n clock sometimes\n", "t.cat:2: expected 'with FUNCTION'"},
        {"include <a> <b> <c> <d> <e>\n", "t.cat:1: more than 4 headers"},
    };

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mk_gen_catalogue catalogue = {0};
        struct pf_err err = {0};
        cr_expect_not(parse(&catalogue, bad[i].text, strlen(bad[i].text), &err));
        cr_expect_eq(strncmp(err.text, bad[i].message, strlen(bad[i].message)), 0,
                     "wanted '%s', was '%s'", bad[i].message, err.text);
        mk_gen_catalogue_fini(&catalogue);
    }
}

Test(gen_catalogue, too_many_errnos_are_refused)
{
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};
    char text[512] = "fn int f(int a)\n fails -1";

    for (int i = 0; i <= MK_GEN_MAX_ERRNOS; i++)
        strcat(text, " EIO");
    cr_assert_not(parse(&catalogue, text, strlen(text), &err));
    cr_assert_eq(err.code, PF_ERR_LIMIT);
    mk_gen_catalogue_fini(&catalogue);
}

/* The promise of the documentation. */
Test(gen_catalogue, the_shipped_one_has_what_servers_call)
{
    static const char *const names[] = {
        "read",           "__read_chk",      "open64",
        "__open_2",       "__isoc99_sscanf", "recvfrom",
        "accept4",        "getaddrinfo",     "malloc",
        "posix_memalign", "pthread_create",  "pthread_cond_timedwait",
        "epoll_wait",     "timerfd_settime", "fork",
        "__snprintf_chk", "fcntl64",         "sendmsg",
        "fsync",          "clock_nanosleep"};
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(mk_gen_catalogue_shipped(&catalogue, &err), "%s", err.text);
    cr_assert_geq(catalogue.count, 150);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not_null(mk_gen_catalogue_find(&catalogue, names[i]), "%s", names[i]);
    mk_gen_catalogue_fini(&catalogue);
}

static bool may_fail_with(const struct mk_gen_entry *entry, const char *name)
{
    for (unsigned i = 0; i < entry->errno_count; i++)
        if (strcmp(entry->errnos[i], name) == 0)
            return true;
    return false;
}

/* Pages that refer to another one for their errors: all of open's are fopen's. */
Test(gen_catalogue, functions_fail_as_those_they_are_made_of)
{
    static const char *const pairs[][2] = {
        {"open", "openat"},    {"open", "creat"},         {"open", "fopen"},
        {"open", "freopen"},   {"open", "mkstemp"},       {"execve", "execv"},
        {"execve", "execvp"},  {"unlink", "unlinkat"},    {"rename", "renameat"},
        {"accept", "accept4"}, {"vfprintf", "printf"},    {"vfprintf", "fprintf"},
        {"fgetc", "fread"},    {"snprintf", "vsnprintf"}, {"fseek", "fseeko"},
    };
    struct mk_gen_catalogue catalogue = {0};
    struct pf_err err = {0};

    cr_assert(mk_gen_catalogue_shipped(&catalogue, &err), "%s", err.text);
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct mk_gen_entry *of = mk_gen_catalogue_find(&catalogue, pairs[i][0]);
        const struct mk_gen_entry *entry = mk_gen_catalogue_find(&catalogue, pairs[i][1]);
        for (unsigned e = 0; e < of->errno_count; e++)
            cr_expect(may_fail_with(entry, of->errnos[e]), "%s: %s", pairs[i][1], of->errnos[e]);
    }
    cr_expect(may_fail_with(mk_gen_catalogue_find(&catalogue, "connect"), "ECONNRESET"));
    cr_expect(may_fail_with(mk_gen_catalogue_find(&catalogue, "printf"), "EINTR"));
    cr_expect(may_fail_with(mk_gen_catalogue_find(&catalogue, "openat"), "EDQUOT"));
    mk_gen_catalogue_fini(&catalogue);
}
