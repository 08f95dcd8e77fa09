/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/generator/gen_field_names.h"
#include "mocks/generator/gen_header_names.h"
#include "mocks/generator/gen_object.h"
#include "mocks/generator/gen_replaced.h"

/* While a plan is made. */
struct planner {
    const struct mk_gen_request *request;
    const struct mk_gen_catalogue *catalogue;
    struct mk_gen_symbols symbols;
    struct mk_gen_wanted *wanted; /* one a name asked for */
    struct mk_gen_plan plan;
};

void mk_gen_plan_fini(struct mk_gen_plan *plan)
{
    free(plan->functions);
    pf_arena_fini(&plan->arena);
    *plan = (struct mk_gen_plan){0};
}

static unsigned flags_of(const struct planner *planner, const char *name)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, name);
    return symbol ? symbol->flags : 0;
}

static bool is_inside(const struct mk_gen_request *request, const char *name)
{
    for (unsigned i = 0; i < request->inside_count; i++)
        if (strcmp(request->inside[i], name) == 0)
            return true;
    return false;
}

static struct mk_gen_case case_of(const struct planner *planner, const struct mk_gen_wanted *wanted)
{
    return (struct mk_gen_case){
        .symbols = &planner->symbols,
        .wanted = wanted,
        .entry = mk_gen_catalogue_find(planner->catalogue, wanted->name),
        .object_count = planner->request->object_count,
        .inside = is_inside(planner->request, wanted->name),
    };
}

/* Its own name or an alias, among those that the objects call or among the others. */
static void add_links(const struct planner *planner, struct mk_gen_fn *fn, bool called)
{
    for (unsigned i = 0; i <= fn->entry.alias_count; i++) {
        const struct mk_gen_proto *proto = i ? &fn->entry.aliases[i - 1] : &fn->entry.proto;
        if (!(flags_of(planner, proto->name) & MK_GEN_CALLED) == !called)
            fn->links[fn->link_count++] = proto;
    }
}

static bool is_requested(const struct mk_gen_request *request, const char *name)
{
    for (unsigned i = 0; i < request->name_count; i++)
        if (strcmp(request->names[i], name) == 0)
            return true;
    return false;
}

/* What calls of entry may have become, as far as the objects call it and it is not wrapped itself.
 */
static struct mk_gen_replacing replacing(const struct planner *planner,
                                         const struct mk_gen_entry *entry)
{
    struct mk_gen_replacing what = {.catalogue = planner->catalogue, .function = entry};

    for (const char *at = entry->becomes; at && *at; at += *at == ' ') {
        char word[64];
        size_t size = strcspn(at, " ");
        (void)snprintf(word, sizeof word, "%.*s", (int)size, at);
        const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, word);
        if (symbol && (symbol->flags & MK_GEN_CALLED) && !is_requested(planner->request, word)
            && what.instead_count < MK_GEN_MAX_INSTEAD)
            what.instead[what.instead_count++] = symbol->name;
        at += size;
    }
    return what;
}

/* Some calls are seen, but others were replaced by calls of something else. */
static bool check_replaced(const struct planner *planner, const struct mk_gen_entry *entry,
                           struct pf_err *err)
{
    const struct mk_gen_replacing what = replacing(planner, entry);
    const struct mk_gen_request *request = planner->request;
    const char *name = entry->proto.name;

    for (unsigned i = 0; what.instead_count && i < request->object_count; i++) {
        struct mk_gen_replaced found = {0};
        if (!mk_gen_replaced_read(&found, &what, request->objects[i], err))
            return false;
        if (found.instead)
            return pf_err_set(
                err, PF_ERR_UNSUPPORTED,
                "%s: the compiler %s calls of %s of some of its calls in %s: build it "
                "with %s-fno-builtin-%s (fortified: -fno-builtin-__%s_chk too), or "
                "wrap %s as well",
                name, found.is_guess ? "may have made" : "made", found.instead, request->objects[i],
                found.is_guess ? "-g and " : "", name, name, found.instead);
    }
    return true;
}

static bool plan_catalogued(struct planner *planner, struct mk_gen_fn *fn,
                            const struct mk_gen_entry *entry, struct pf_err *err)
{
    fn->entry = *entry;
    fn->from_catalogue = true;
    if (entry->refused)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: cannot be wrapped: %s", entry->proto.name,
                          entry->refused);
    add_links(planner, fn, true);
    fn->called_count = fn->link_count;
    /* What shared libraries call is seen when they are loaded. */
    if (planner->request->caller_count)
        add_links(planner, fn, false);
    const struct mk_gen_wanted wanted = {.name = entry->proto.name};
    const struct mk_gen_case of = case_of(planner, &wanted);
    if (!fn->link_count)
        return mk_gen_seam_refuse(&of, err);
    return check_replaced(planner, entry, err);
}

/* "<stdio.h>" for a system header, else a quoted path. */
static const char *include_of(struct planner *planner, const char *path)
{
    char text[1024];

    (void)snprintf(text, sizeof text, "\"%s\"", path);
    return pf_arena_text(&planner->plan.arena, text, strlen(text));
}

static void guess_failure(struct mk_gen_entry *entry)
{
    entry->failure = MK_GEN_FAILS_ERRNO;
    if (entry->proto.ret_class == MK_GEN_PTR)
        entry->fail_value = "NULL";
    else if (entry->proto.ret_class == MK_GEN_INT && !strstr(entry->proto.ret_type, "unsigned")
             && !strstr(entry->proto.ret_type, "_Bool"))
        entry->fail_value = "-1";
    else
        entry->failure = MK_GEN_FAILS_NEVER;
}

static bool is_count(const char *name)
{
    static const char *const words[] = {"len", "length", "size", "count", "n", "nbytes", NULL};

    for (unsigned i = 0; words[i]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return strstr(name, "_len") || strstr(name, "_size") || strstr(name, "len_");
}

/* A pointer to bytes followed by a count of them is a buffer. */
static void guess_buffers(struct mk_gen_proto *proto)
{
    for (unsigned i = 0; i + 1 < proto->param_count; i++) {
        struct mk_gen_param *param = &proto->params[i];
        const char *type = param->type;
        bool is_bytes = strstr(type, "void *") || strstr(type, "char *");

        if (param->class != MK_GEN_PTR || !is_bytes || strstr(type, "**")
            || proto->params[i + 1].class != MK_GEN_INT || !is_count(proto->params[i + 1].name))
            continue;
        param->role = strncmp(type, "const", 5) == 0 ? MK_GEN_READS : MK_GEN_FILLS;
        param->length = proto->params[i + 1].name;
        param->pointee = NULL;
    }
}

static void take_names(struct mk_gen_proto *to, const struct mk_gen_proto *from)
{
    for (unsigned i = 0; i < to->param_count && i < from->param_count; i++)
        to->params[i].name = from->params[i].name;
}

/* With its header the types keep their names; without one they are spelled out. */
static bool plan_described(struct planner *planner, struct mk_gen_fn *fn,
                           const struct mk_gen_wanted *wanted, struct pf_err *err)
{
    bool own_header = wanted->header && strncmp(wanted->header, "/usr/", 5) != 0;
    bool with_header = own_header || planner->request->header_count > 0;

    const struct mk_gen_case of = case_of(planner, wanted);

    if (!mk_gen_seam_choose(&fn->seam, &of, err))
        return false;
    if (!wanted->found && wanted->why_not)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: cannot be wrapped: %s", wanted->name,
                          wanted->why_not);
    if (!wanted->found)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "%s: not in the catalogue, and no debug information of the objects "
                          "describes it: build the code under test with -g (clang: -g -O1)",
                          wanted->name);
    if (wanted->unnamed && !with_header)
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: passes %s by value, which only its header can name: give the "
                          "header (HEADERS in assay_wrap, --include)",
                          wanted->name, wanted->unnamed);
    if (wanted->proto.variadic && !mk_gen_can_hand_on(&wanted->proto))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: takes variable arguments behind parameters that do not all come in "
                          "registers: they could not be passed on, wrap what it calls instead",
                          wanted->name);
    struct mk_gen_proto named = wanted->proto;
    if (!wanted->has_names && wanted->header)
        (void)mk_gen_names_from_header(&named, wanted->header, wanted->header_line,
                                       &planner->plan.arena);
    fn->entry.proto = with_header ? wanted->proto : wanted->plain;
    take_names(&fn->entry.proto, &named);
    mk_gen_name_params(&fn->entry.proto, &planner->plan.arena);
    fn->entry.noreturn = wanted->noreturn;
    fn->found_in = wanted->object;
    if (own_header)
        fn->entry.headers[fn->entry.header_count++] = include_of(planner, wanted->header);
    guess_failure(&fn->entry);
    guess_buffers(&fn->entry.proto);
    if (!with_header) {
        memcpy(fn->forward, wanted->forward, sizeof fn->forward);
        fn->forward_count = wanted->forward_count;
    }
    fn->links[fn->link_count++] = &fn->entry.proto;
    fn->called_count = fn->link_count;
    return true;
}

static bool is_planned(const struct mk_gen_plan *plan, const char *name)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (strcmp(plan->functions[i].entry.proto.name, name) == 0)
            return true;
    return false;
}

static bool plan_one(struct planner *planner, const struct mk_gen_wanted *wanted,
                     struct pf_err *err)
{
    const struct mk_gen_entry *entry = mk_gen_catalogue_find(planner->catalogue, wanted->name);
    struct mk_gen_fn *fn = &planner->plan.functions[planner->plan.count];

    /* A function of the project's own may carry a name of the catalogue: its code decides. */
    if (entry && wanted->found
        && (flags_of(planner, wanted->name) & (MK_GEN_DEFINED | MK_GEN_STATIC)))
        entry = NULL;
    if (is_planned(&planner->plan, entry ? entry->proto.name : wanted->name))
        return true;
    bool ok =
        entry ? plan_catalogued(planner, fn, entry, err) : plan_described(planner, fn, wanted, err);
    if (ok)
        planner->plan.count++;
    return ok;
}

static bool read_objects(struct planner *planner, struct pf_err *err)
{
    const struct mk_gen_request *request = planner->request;

    for (unsigned i = 0; i < request->object_count; i++)
        if (!mk_gen_symbols_read(&planner->symbols, request->objects[i], err))
            return false;
    return true;
}

/* Debug information is slow to read: only for names whose prototype the catalogue lacks. */
static bool read_prototypes(struct planner *planner, struct pf_err *err)
{
    const struct mk_gen_request *request = planner->request;
    struct mk_gen_wanted *wanted = pf_mem_new(request->name_count, sizeof *wanted);
    unsigned *origin = pf_mem_new(request->name_count, sizeof *origin);
    unsigned count = 0;
    bool ok = true;

    for (unsigned i = 0; i < request->name_count; i++) {
        const char *name = planner->wanted[i].name;
        if (mk_gen_catalogue_find(planner->catalogue, name)
            && !(flags_of(planner, name) & (MK_GEN_DEFINED | MK_GEN_STATIC)))
            continue;
        wanted[count].name = name;
        origin[count++] = i;
    }
    for (unsigned i = 0; ok && count && i < request->object_count; i++)
        ok = mk_gen_dwarf_read(wanted, count, request->objects[i], &planner->plan.arena, err);
    for (unsigned i = 0; i < count; i++)
        planner->wanted[origin[i]] = wanted[i];
    free(wanted);
    free(origin);
    return ok;
}

static bool is_called(const struct planner *planner, const struct mk_gen_entry *entry)
{
    bool called = flags_of(planner, entry->proto.name) & MK_GEN_CALLED;

    for (unsigned i = 0; i < entry->alias_count; i++)
        called = called || (flags_of(planner, entry->aliases[i].name) & MK_GEN_CALLED);
    return called;
}

/* Its clock_with names functions, one of which must be called, too. */
static bool is_clocked(const struct planner *planner, const struct mk_gen_entry *entry)
{
    char name[128];

    for (const char *at = entry->clock_with; at && *at; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (flags_of(planner, name) & MK_GEN_CALLED)
            return true;
        at += length;
    }
    return !entry->clock_with;
}

/* Those that stand beside functions of time only, or all others. *any: there were some. */
static bool plan_clocked(struct planner *planner, bool beside, bool *any, struct pf_err *err)
{
    const struct mk_gen_catalogue *catalogue = planner->catalogue;
    bool ok = true;

    for (unsigned i = 0; ok && i < catalogue->count; i++) {
        const struct mk_gen_entry *entry = &catalogue->entries[i];
        const struct mk_gen_wanted wanted = {.name = entry->proto.name};
        if (!entry->clock || entry->clock_beside != beside || !is_called(planner, entry)
            || !is_clocked(planner, entry))
            continue;
        *any = true;
        ok = plan_one(planner, &wanted, err);
    }
    return ok;
}

/* CLOCK: whatever the objects call of the functions that tell or wait for time. */
static bool plan_clock(struct planner *planner, struct pf_err *err)
{
    bool any = false;

    if (!plan_clocked(planner, false, &any, err))
        return false;
    if (!any)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "CLOCK: none of the %u objects calls a function that tells or "
                          "waits for time",
                          planner->request->object_count);
    return plan_clocked(planner, true, &any, err);
}

static bool plan_all(struct planner *planner, struct pf_err *err)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < planner->request->name_count; i++)
        ok = strcmp(planner->wanted[i].name, MK_GEN_CLOCK) == 0
                 ? plan_clock(planner, err)
                 : plan_one(planner, &planner->wanted[i], err);
    return ok;
}

/* "libc.so.6:malloc:free" names functions: each must be one that is wrapped. */
static bool check_callers(const struct planner *planner, struct pf_err *err)
{
    for (unsigned i = 0; i < planner->request->caller_count; i++) {
        const char *caller = planner->request->callers[i];
        for (const char *at = strchr(caller, ':'); at; at = strchr(at + 1, ':')) {
            char name[128];
            (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, ":"), at + 1);
            if (!is_planned(&planner->plan, name))
                return pf_err_set(err, PF_ERR_NOT_FOUND, "CALLERS %s: %s is not wrapped", caller,
                                  name);
        }
    }
    return true;
}

bool mk_gen_plan_make(struct mk_gen_plan *out, const struct mk_gen_request *request,
                      const struct mk_gen_catalogue *catalogue, struct pf_err *err)
{
    struct planner planner = {.request = request, .catalogue = catalogue};

    if (request->name_count > MK_GEN_MAX_FUNCTIONS)
        return pf_err_set(err, PF_ERR_LIMIT, "more than %d functions", MK_GEN_MAX_FUNCTIONS);
    planner.plan.functions =
        pf_mem_new(request->name_count + catalogue->count + 1, sizeof *planner.plan.functions);
    planner.wanted = pf_mem_new(request->name_count + 1, sizeof *planner.wanted);
    for (unsigned i = 0; i < request->name_count; i++)
        planner.wanted[i].name = request->names[i];

    bool ok = read_objects(&planner, err) && read_prototypes(&planner, err)
              && plan_all(&planner, err) && check_callers(&planner, err);
    planner.plan.has_fat_lto = planner.symbols.has_fat_lto;
    if (ok)
        *out = planner.plan;
    else
        mk_gen_plan_fini(&planner.plan);
    free(planner.wanted);
    mk_gen_symbols_fini(&planner.symbols);
    return ok;
}
