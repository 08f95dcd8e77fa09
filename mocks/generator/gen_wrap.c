/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_wrap.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mocks/generator/gen_emit.h"
#include "profiler/base/file.h"

static bool make_dir(const char *path, struct pf_err *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    return pf_err_sys(err, errno, "%s: cannot be made", path);
}

static bool is_same_file(const char *path, const struct pf_buf *content)
{
    struct pf_file file = {0};
    struct pf_err ignored;

    if (!pf_file_open(&file, path, &ignored))
        return false;
    struct pf_bytes old = pf_file_view(&file);
    bool same =
        old.size == content->size && (old.size == 0 || memcmp(old.at, content->at, old.size) == 0);
    pf_file_close(&file);
    return same;
}

static bool put_file(const char *dir, const char *name, const struct pf_buf *content,
                     struct pf_err *err)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return is_same_file(path, content) || pf_file_write(path, pf_buf_view(content), err);
}

static bool put_all(const struct mk_gen_plan *plan, const struct mk_gen_request *request,
                    const char *dir, struct pf_err *err)
{
    struct pf_buf header = {0}, source = {0}, options = {0};
    char include[4096];

    (void)snprintf(include, sizeof include, "%s/assay", dir);
    mk_gen_emit_header(&header, plan, request);
    mk_gen_emit_source(&source, plan, request);
    mk_gen_emit_options(&options, plan);
    bool ok =
        make_dir(dir, err) && make_dir(include, err) && put_file(dir, "assay/wraps.h", &header, err)
        && put_file(dir, "wraps.c", &source, err) && put_file(dir, "wraps.rsp", &options, err);
    pf_buf_fini(&header);
    pf_buf_fini(&source);
    pf_buf_fini(&options);
    return ok;
}

static void tell(const struct mk_gen_plan *plan, FILE *say)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct mk_gen_fn *fn = &plan->functions[i];
        (void)fprintf(say, "%-24s %s", fn->entry.proto.name,
                      fn->seam == MK_GEN_SEAM_PATCH ? "patched at run time:"
                                                    : "wrapped by the linker as");
        for (unsigned l = 0; l < fn->link_count; l++)
            (void)fprintf(say, " %s", fn->links[l]->name);
        if (fn->from_catalogue)
            (void)fprintf(say, ", types from the catalogue\n");
        else
            (void)fprintf(say, ", types from the debug information of %s\n", fn->found_in);
    }
}

bool mk_gen_wrap(const struct mk_gen_request *request, const char *dir, FILE *say,
                 struct pf_err *err)
{
    struct mk_gen_catalogue catalogue = {0};
    struct mk_gen_plan plan = {0};

    bool ok = mk_gen_catalogue_shipped(&catalogue, err)
              && mk_gen_plan_make(&plan, request, &catalogue, err)
              && put_all(&plan, request, dir, err);
    if (ok && say)
        tell(&plan, say);
    mk_gen_plan_fini(&plan);
    mk_gen_catalogue_fini(&catalogue);
    return ok;
}

static void list_one(FILE *to, const struct mk_gen_entry *entry)
{
    const char *fails = entry->failure == MK_GEN_FAILS_NEVER    ? "-"
                        : entry->failure == MK_GEN_FAILS_RETURN ? "error number"
                                                                : entry->fail_value;
    (void)fprintf(to, "%-24s %-12s %s", entry->proto.name, fails, entry->blocks ? "blocks " : "");
    for (unsigned i = 0; i < entry->errno_count; i++)
        (void)fprintf(to, " %s", entry->errnos[i]);
    for (unsigned i = 0; i < entry->alias_count; i++)
        (void)fprintf(to, " (%s)", entry->aliases[i].name);
    if (entry->refused)
        (void)fprintf(to, " refused: %s", entry->refused);
    (void)fputc('\n', to);
}

bool mk_gen_list(FILE *to, struct pf_err *err)
{
    struct mk_gen_catalogue catalogue = {0};

    bool ok = mk_gen_catalogue_shipped(&catalogue, err);
    for (unsigned i = 0; ok && i < catalogue.count; i++)
        list_one(to, &catalogue.entries[i]);
    mk_gen_catalogue_fini(&catalogue);
    return ok;
}
