/* SPDX-License-Identifier: MIT */
#include "harness/http/jq_filter.h"

#include <jq.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"

/* jq speaks through callbacks; the last thing it said is kept here while it compiles. */
static void keep_words(void *context, jv message)
{
    struct pf_buf *words = context;
    jv text = jq_format_error(message);

    if (jv_get_kind(text) == JV_KIND_STRING && words->size == 0)
        pf_buf_put_str(words, jv_string_value(text));
    jv_free(text);
}

static void release(struct hn_jq_program *program)
{
    if (program->state)
        jq_teardown(&program->state);
    free(program->text);
    *program = (struct hn_jq_program){0};
}

void hn_jq_fini(struct hn_jq *jq)
{
    for (unsigned i = 0; i < HN_JQ_PROGRAMS_MAX; i++)
        release(&jq->programs[i]);
}

/* jq has no single quotes: outside of a string they become double ones. */
static char *with_double_quotes(const char *program)
{
    char *text = strdup(program);
    char open = '\0';

    for (char *at = text; at && *at; at++) {
        if (open && *at == '\\' && at[1]) {
            at++;
        } else if (open && *at == open) {
            open = '\0';
            *at = '"';
        } else if (!open && (*at == '"' || *at == '\'')) {
            open = *at;
            *at = '"';
        }
    }
    return text;
}

static jq_state *compile(const char *program, struct pf_err *err)
{
    struct pf_buf words = {0};
    jq_state *state = jq_init();
    char *text = with_double_quotes(program);

    if (state && text) {
        jq_set_error_cb(state, keep_words, &words);
        if (!jq_compile(state, text))
            jq_teardown(&state);
        else
            jq_set_error_cb(state, NULL, NULL);
    }
    if (!state) {
        char *line = strchr(pf_buf_cstr(&words), '\n');
        if (line)
            *line = '\0';
        (void)pf_err_set(err, PF_ERR_USAGE, "jq: %s: in %s",
                         words.size ? pf_buf_cstr(&words) : "out of memory", program);
    }
    free(text);
    pf_buf_fini(&words);
    return state;
}

static jq_state *find(struct hn_jq *jq, const char *program, struct pf_err *err)
{
    for (unsigned i = 0; i < HN_JQ_PROGRAMS_MAX; i++)
        if (jq->programs[i].text && strcmp(jq->programs[i].text, program) == 0)
            return jq->programs[i].state;

    jq_state *state = compile(program, err);
    if (!state)
        return NULL;
    struct hn_jq_program *slot = &jq->programs[jq->next++ % HN_JQ_PROGRAMS_MAX];
    release(slot);
    *slot = (struct hn_jq_program){strdup(program), state};
    return state;
}

/* Takes message. */
static bool say(jv message, const char *what, struct pf_err *err)
{
    jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);

    (void)pf_err_set(err, PF_ERR_FORMAT, "%s: %.300s", what, jv_string_value(text));
    jv_free(text);
    return false;
}

static bool parse(jv *out, struct pf_bytes json, struct pf_err *err)
{
    if (json.size == 0)
        return pf_err_set(err, PF_ERR_FORMAT, "the body is empty, no JSON");
    if (json.size > INT32_MAX)
        return pf_err_set(err, PF_ERR_LIMIT, "the body is too large for jq");
    jv value = jv_parse_sized(json.at, (int)json.size);
    if (jv_is_valid(value)) {
        *out = value;
        return true;
    }
    return say(jv_invalid_get_msg(value), "the body is no JSON", err);
}

/* Takes value. */
static void put_output(struct pf_buf *out, jv value, bool is_raw)
{
    jv text = is_raw && jv_get_kind(value) == JV_KIND_STRING
                  ? value
                  : jv_dump_string(value, JV_PRINT_SORTED);

    if (out->size > 0)
        pf_buf_put_str(out, "\n");
    pf_buf_put(out, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
    jv_free(text);
}

bool hn_jq_run(struct hn_jq *jq, const struct hn_jq_query *query, struct pf_buf *out, bool *holds,
               struct pf_err *err)
{
    jq_state *state = find(jq, query->program, err);
    struct pf_buf text = {0};
    unsigned count = 0;
    bool all = true;
    jv value = jv_null();

    if (!state || !parse(&value, query->json, err))
        return false;
    jq_start(state, value, 0);
    jv output = jq_next(state);
    while (jv_is_valid(output) && count < HN_JQ_OUTPUTS_MAX) {
        jv_kind kind = jv_get_kind(output);
        all = all && kind != JV_KIND_FALSE && kind != JV_KIND_NULL;
        count++;
        put_output(&text, output, query->is_raw);
        output = jq_next(state);
    }
    bool ok = jv_is_valid(output) || !jv_invalid_has_msg(jv_copy(output));
    if (!ok)
        (void)say(jv_invalid_get_msg(output), "jq", err);
    else
        jv_free(output);
    jq_start(state, jv_null(), 0); /* lets go of the value */
    if (ok) {
        if (holds)
            *holds = all && count > 0;
        pf_buf_put(out, pf_buf_cstr(&text), text.size);
    }
    pf_buf_fini(&text);
    return ok;
}

/* Is at the start of a comparison? Its size, else 0. */
static size_t comparison_size(const char *at)
{
    if ((at[0] == '=' || at[0] == '!' || at[0] == '<' || at[0] == '>') && at[1] == '=')
        return 2;
    return at[0] == '<' || at[0] == '>' ? 1 : 0;
}

static const char *skip_string(const char *at)
{
    char quote = *at;

    for (at++; *at && *at != quote; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at : at - 1;
}

/* "a and b == c", "a, b == c": the left side would not be all that matters. */
static bool joins_conditions(const char *at)
{
    return *at == ',' || strncmp(at, " and ", 5) == 0 || strncmp(at, " or ", 4) == 0;
}

char *hn_jq_left_side(const char *program)
{
    const char *found = NULL;
    int depth = 0;

    for (const char *at = program; *at; at++) {
        if (*at == '"' || *at == '\'') {
            at = skip_string(at);
        } else if (strchr("([{", *at)) {
            depth++;
        } else if (strchr(")]}", *at)) {
            depth--;
        } else if (depth == 0 && joins_conditions(at)) {
            return NULL;
        } else if (depth == 0 && !found && comparison_size(at) > 0) {
            found = at;
            at += comparison_size(at) - 1;
        }
    }
    return found && found > program ? strndup(program, (size_t)(found - program)) : NULL;
}
