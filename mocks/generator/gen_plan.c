/* SPDX-License-Identifier: MIT */
#include "mocks/generator/gen_plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/generator/gen_header_names.h"

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

static void add_link(const struct planner *planner, struct mk_gen_fn *fn,
                     const struct mk_gen_proto *proto)
{
    if (flags_of(planner, proto->name) & MK_GEN_CALLED)
        fn->links[fn->link_count++] = proto;
}

/* Compilers replace some calls by others: printf("x\n") by puts("x"). */
static const char *called_instead(const struct planner *planner, const struct mk_gen_entry *entry)
{
    char words[128], *save = NULL;

    if (!entry || !entry->becomes)
        return NULL;
    (void)snprintf(words, sizeof words, "%s", entry->becomes);
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, word);
        if (symbol && (symbol->flags & MK_GEN_CALLED))
            return symbol->name;
    }
    return NULL;
}

/* Nothing the linker could wrap: say what is there instead. */
static bool refuse_uncalled(const struct planner *planner, const char *name,
                            const struct mk_gen_entry *entry, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, name);
    const char *instead = called_instead(planner, entry);

    if (symbol && (symbol->flags & (MK_GEN_DEFINED | MK_GEN_STATIC)))
        return pf_err_set(err, PF_ERR_UNSUPPORTED,
                          "%s: %s %s, so its calls do not reach the linker: list it behind INSIDE "
                          "in assay_wrap() (or build with -fpatchable-function-entry=16 "
                          "-fno-inline)",
                          name, symbol->flags & MK_GEN_STATIC ? "static in" : "defined in",
                          symbol->defined_in);
    if (instead)
        return pf_err_set(err, PF_ERR_NOT_FOUND,
                          "%s: the compiler made calls of %s of it: build the code under test "
                          "with -fno-builtin-%s (fortified: -fno-builtin-__%s_chk too), or wrap %s",
                          name, instead, name, name, instead);
    return pf_err_set(err, PF_ERR_NOT_FOUND,
                      "%s: none of the %u objects calls it (nm -u shows what they call; a function "
                      "that was inlined is gone): a mock of it would do nothing",
                      name, planner->request->object_count);
}

/* Defined in the code under test, where every call can be seen by patching it. */
static bool is_patchable(const struct planner *planner, const char *name)
{
    unsigned flags = flags_of(planner, name);
    return (flags & MK_GEN_PATCHABLE) && (flags & (MK_GEN_DEFINED | MK_GEN_STATIC));
}

/* Wrapped by the linker, it would be faked for some of its callers only. */
static bool refuse_half(const struct planner *planner, const char *name, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, name);

    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s: %s, which defines it, calls it as well, and those calls do not reach "
                      "the linker: list it behind INSIDE in assay_wrap()",
                      name, symbol->defined_in);
}

static bool refuse_ambiguous(const struct planner *planner, const char *name, struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, name);

    return pf_err_set(err, PF_ERR_UNSUPPORTED,
                      "%s: %u objects define a function of this name (one is %s): which of them is "
                      "meant cannot be said",
                      name, symbol->definitions, symbol->defined_in);
}

/* Decides how calls of a function of the project's own are seen. */
static bool choose_seam(const struct planner *planner, struct mk_gen_fn *fn, const char *name,
                        struct pf_err *err)
{
    const struct mk_gen_symbol *symbol = mk_gen_symbols_find(&planner->symbols, name);
    unsigned flags = symbol ? symbol->flags : 0;

    if (is_patchable(planner, name)) {
        fn->seam = MK_GEN_SEAM_PATCH;
        assert(symbol); /* only what is defined can be patched */
        return symbol->definitions == 1 || refuse_ambiguous(planner, name, err);
    }
    if (!(flags & MK_GEN_CALLED))
        return refuse_uncalled(planner, name, mk_gen_catalogue_find(planner->catalogue, name), err);
    return !(flags & MK_GEN_DEFINED) || !(flags & MK_GEN_CALLED_AT_HOME)
           || refuse_half(planner, name, err);
}

static bool plan_catalogued(struct planner *planner, struct mk_gen_fn *fn,
                            const struct mk_gen_entry *entry, struct pf_err *err)
{
    fn->entry = *entry;
    fn->from_catalogue = true;
    if (entry->refused)
        return pf_err_set(err, PF_ERR_UNSUPPORTED, "%s: cannot be wrapped: %s", entry->proto.name,
                          entry->refused);
    add_link(planner, fn, &entry->proto);
    for (unsigned i = 0; i < entry->alias_count; i++)
        add_link(planner, fn, &entry->aliases[i]);
    /* Libraries call it by its own name; whether they do is seen when they are loaded. */
    if (!fn->link_count && planner->request->caller_count)
        fn->links[fn->link_count++] = &entry->proto;
    return fn->link_count > 0 || refuse_uncalled(planner, entry->proto.name, entry, err);
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

    if (!choose_seam(planner, fn, wanted->name, err))
        return false;
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

/* CLOCK: whatever the objects call of the functions that tell or wait for time. */
static bool plan_clock(struct planner *planner, struct pf_err *err)
{
    const struct mk_gen_catalogue *catalogue = planner->catalogue;
    bool any = false, ok = true;

    for (unsigned i = 0; ok && i < catalogue->count; i++) {
        const struct mk_gen_entry *entry = &catalogue->entries[i];
        const struct mk_gen_wanted wanted = {.name = entry->proto.name};
        if (!entry->clock || !is_called(planner, entry) || !is_clocked(planner, entry))
            continue;
        any = true;
        ok = plan_one(planner, &wanted, err);
    }
    return ok && !any ? pf_err_set(err, PF_ERR_NOT_FOUND,
                                   "CLOCK: none of the %u objects calls a function that tells or "
                                   "waits for time",
                                   planner->request->object_count)
                      : ok;
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

    bool ok =
        read_objects(&planner, err) && read_prototypes(&planner, err) && plan_all(&planner, err);
    if (ok)
        *out = planner.plan;
    else
        mk_gen_plan_fini(&planner.plan);
    free(planner.wanted);
    mk_gen_symbols_fini(&planner.symbols);
    return ok;
}
