/*
 * Are the calls of the shared libraries named in assay_wrap(CALLERS) seen? A library that calls a
 * function it defines itself does so without its offset table, as libc does: nothing can be put in
 * between.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "mocks/mock_got.h"
#include "mocks/mock_priv.h"

struct library {
    const char *caller; /* sought */
    const char *path;   /* found, or NULL */
    const void *inside; /* an address of it */
};

bool mk_caller_is_library(const char *caller, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = strcspn(caller, ":");

    return strlen(name) == size && memcmp(name, caller, size) == 0;
}

bool mk_caller_means(const char *caller, const char *function)
{
    size_t size = strlen(function);
    const char *at = strchr(caller, ':');

    if (!at)
        return true;
    for (; at; at = strchr(at + 1, ':'))
        if (strncmp(at + 1, function, size) == 0 && (!at[1 + size] || at[1 + size] == ':'))
            return true;
    return false;
}

static int find_library(struct dl_phdr_info *info, size_t size, void *data)
{
    struct library *library = data;

    (void)size;
    if (!mk_caller_is_library(library->caller, info->dlpi_name))
        return 0;
    library->path = info->dlpi_name;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            library->inside = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1;
}

static bool defines(const struct library *library, const char *name)
{
    void *handle = dlopen(library->path, RTLD_LAZY | RTLD_NOLOAD);
    void *at = handle ? dlsym(handle, name) : NULL;
    Dl_info definition, self;
    bool is_own = at && dladdr(at, &definition) && dladdr(library->inside, &self)
                  && definition.dli_fbase == self.dli_fbase;

    if (handle)
        (void)dlclose(handle);
    return is_own;
}

static bool is_patched(const struct mk_fn *fn)
{
    return fn->links && fn->links->real;
}

static bool judge_function(const struct library *library, const struct mk_fn *fn)
{
    const char *caller = library->caller;

    if (!mk_caller_means(caller, fn->name) || mk_got_count(caller, fn) || is_patched(fn))
        return true;
    if (strchr(caller, ':'))
        mk_fail_at("assay_wrap", 0, "CALLERS %s: it makes no call of %s that could be seen%s",
                   caller, fn->name,
                   defines(library, fn->name) ? " (its own it calls directly)" : "");
    else if (defines(library, fn->name))
        mk_fail_at("assay_wrap", 0,
                   "CALLERS %s: it calls its own %s directly, where no mock can see it: name the "
                   "functions you mean of it: CALLERS %s:FUNCTION:FUNCTION",
                   caller, fn->name, caller);
    else
        return true;
    return false;
}

static bool judge_library(const char *caller)
{
    struct library library = {.caller = caller};

    if (!dl_iterate_phdr(find_library, &library)) {
        mk_fail_at("assay_wrap", 0, "CALLERS %s: no library of this name is loaded", caller);
        return false;
    }
    if (!mk_got_count(caller, NULL)) {
        mk_fail_at("assay_wrap", 0, "CALLERS %s: it calls none of the wrapped functions", caller);
        return false;
    }
    for (struct mk_fn *const *fn = mk_all_fns(); fn && *fn; fn++)
        if (!judge_function(&library, *fn))
            return false;
    return true;
}

void mk_callers_judge(void)
{
    for (const char *const *caller = mk_wrapped_callers; caller && *caller; caller++)
        if (!judge_library(*caller))
            return;
    for (struct mk_fn *const *fn = mk_wrapped_for_callers; fn && *fn; fn++)
        if (!mk_got_count(NULL, *fn)) {
            mk_fail_at("assay_wrap", 0,
                       "%s: neither the code under test nor the libraries behind CALLERS call it: "
                       "a mock of it would do nothing",
                       (*fn)->name);
            return;
        }
    if (mk_got_lost())
        mk_fail_at("assay_wrap", 0, "CALLERS: %u calls could not be led to the wrappers",
                   mk_got_lost());
}
