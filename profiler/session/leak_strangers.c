/* SPDX-License-Identifier: MIT */
#include "profiler/session/leak_strangers.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "profiler/attach/proc_stat.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/elf/elf_file.h"
#include "profiler/elf/elf_symbols.h"

enum { EXE_BYTES = 64, LINK_BYTES = 4096 };

static void exe_of(char out[EXE_BYTES], pid_t pid)
{
    (void)snprintf(out, EXE_BYTES, "/proc/%d/exe", (int)pf_proc_living_thread(pid));
}

static bool is_privileged(const char *exe)
{
    struct stat file;

    return stat(exe, &file) == 0
           && (file.st_mode & (S_ISUID | S_ISGID)
               || getxattr(exe, "security.capability", NULL, 0) > 0);
}

/* Its runtime's first function: defined here, or wanted from a library. */
static bool is_sanitized(const struct pf_elf *elf)
{
    static const char name[] = "__asan_init";
    struct pf_elf_section strings;

    return pf_elf_section_find(elf, ".dynstr", &strings) && strings.bytes.size > 0
           && memmem(strings.bytes.at, strings.bytes.size, name, sizeof name);
}

static enum pf_stranger_why look(pid_t pid)
{
    char exe[EXE_BYTES];
    struct pf_elf elf = {0};
    struct pf_elf_segment loader;
    struct pf_err ignored;
    enum pf_stranger_why why = PF_STRANGER_UNINVITED;

    exe_of(exe, pid);
    if (!pf_elf_open(&elf, exe, &ignored))
        return why;
    if (!pf_elf_segment_find(&elf, PT_INTERP, &loader))
        why = PF_STRANGER_STATIC;
    else if (is_privileged(exe))
        why = PF_STRANGER_SET_UID;
    else if (is_sanitized(&elf))
        why = PF_STRANGER_SANITIZED;
    pf_elf_close(&elf);
    return why;
}

bool pf_leak_has_own_malloc(pid_t pid, enum pf_stranger_why *why)
{
    char exe[EXE_BYTES];
    struct pf_elf elf = {0};
    struct pf_err ignored;
    uint64_t unused;

    exe_of(exe, pid);
    bool has = pf_elf_open(&elf, exe, &ignored) && pf_elf_function_addr(&elf, "malloc", &unused);
    if (has)
        *why = is_sanitized(&elf) ? PF_STRANGER_SANITIZED : PF_STRANGER_OWN_MALLOC;
    pf_elf_close(&elf);
    return has;
}

/* A program that was replaced while it ran has " (deleted)" behind its name. */
static void take_name(char out[PF_STRANGER_NAME], pid_t pid)
{
    char exe[EXE_BYTES];
    char path[LINK_BYTES];
    struct pf_proc_stat stat;

    exe_of(exe, pid);
    ssize_t size = readlink(exe, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    const char *slash = strrchr(path, '/');
    if (slash)
        (void)snprintf(out, PF_STRANGER_NAME, "%.*s", PF_STRANGER_NAME - 1, slash + 1);
    else if (pf_proc_stat_read(&stat, pid, 0))
        (void)snprintf(out, PF_STRANGER_NAME, "%.*s", PF_STRANGER_NAME - 1, stat.comm);
    else
        (void)snprintf(out, PF_STRANGER_NAME, "process %d", (int)pid);
}

void pf_leak_strangers_add_known(struct pf_leak_strangers *strangers, pid_t pid,
                                 enum pf_stranger_why why)
{
    if (strangers->count++ > 0)
        return;
    strangers->why = why;
    take_name(strangers->name, pid);
}

void pf_leak_strangers_add(struct pf_leak_strangers *strangers, pid_t pid)
{
    enum pf_stranger_why why = strangers->count ? PF_STRANGER_UNINVITED : look(pid);

    pf_leak_strangers_add_known(strangers, pid, why);
}

const char *pf_leak_stranger_words(enum pf_stranger_why why)
{
    static const char *const words[PF_STRANGER_REASONS] = {
        [PF_STRANGER_UNINVITED] =
            "no agent is in it, as it was started without LD_PRELOAD: start it without what clears "
            "the environment (env -i, sudo, a wrapper)",
        [PF_STRANGER_STATIC] = "no agent is in it, as it is linked statically: link it "
                               "dynamically, or run valgrind --leak-check=full",
        [PF_STRANGER_SET_UID] =
            "no agent is in it, as it is set-uid, set-gid or has file capabilities, and LD_PRELOAD "
            "does not count there: check a copy without them",
        [PF_STRANGER_SANITIZED] =
            "it is built with AddressSanitizer, which tolerates no other allocator than its own: "
            "run it by itself, its LeakSanitizer reports at the end, or build it without",
        [PF_STRANGER_OWN_MALLOC] =
            "it defines malloc itself, so nothing it allocates is seen: link it without that, or "
            "run valgrind --soname-synonyms=somalloc=NONE --leak-check=full",
        [PF_STRANGER_UNMAPPED] = "the agent's shared memory could not be mapped in it: raise the "
                                 "limit of the address space (ulimit -v)",
    };
    return words[why];
}
