/* SPDX-License-Identifier: MIT */
#include "tests/support/json_schema.h"

#include <jansson.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check {
    const json_t *root; /* of the schema, for $ref */
    char path[512];     /* where in the value */
    char *why;
    size_t size;
};

static bool matches(struct check *check, const json_t *value, const json_t *schema);

static bool fail(struct check *check, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)snprintf(check->why, check->size, "%s: %s", check->path[0] ? check->path : "/", text);
    return false;
}

static bool is_type(const json_t *value, const char *type)
{
    return (strcmp(type, "object") == 0 && json_is_object(value))
           || (strcmp(type, "array") == 0 && json_is_array(value))
           || (strcmp(type, "string") == 0 && json_is_string(value))
           || (strcmp(type, "integer") == 0 && json_is_integer(value))
           || (strcmp(type, "number") == 0 && json_is_number(value))
           || (strcmp(type, "boolean") == 0 && json_is_boolean(value))
           || (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool check_type(struct check *check, const json_t *value, const json_t *types)
{
    if (json_is_string(types))
        return is_type(value, json_string_value(types))
               || fail(check, "is not of type %s", json_string_value(types));
    for (size_t i = 0; i < json_array_size(types); i++)
        if (is_type(value, json_string_value(json_array_get(types, i))))
            return true;
    return fail(check, "is of none of the types");
}

static bool check_enum(struct check *check, const json_t *value, const json_t *words)
{
    for (size_t i = 0; i < json_array_size(words); i++)
        if (json_equal(value, json_array_get(words, i)))
            return true;
    return fail(check, "is none of the values allowed");
}

static bool check_required(struct check *check, const json_t *value, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (json_is_object(value)
            && !json_object_get(value, json_string_value(json_array_get(names, i))))
            return fail(check, "%s is missing", json_string_value(json_array_get(names, i)));
    return true;
}

/* Go down one step, check, and come back. */
static bool below(struct check *check, const char *step, const json_t *value, const json_t *schema)
{
    size_t before = strlen(check->path);

    (void)snprintf(check->path + before, sizeof check->path - before, "/%s", step);
    bool ok = matches(check, value, schema);
    check->path[before] = '\0';
    return ok;
}

static bool check_members(struct check *check, const json_t *value, const json_t *schema)
{
    const json_t *known = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char *name;
    json_t *member;

    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        const json_t *own = json_object_get(known, name);
        if (!own && json_is_false(others))
            return fail(check, "%s is not in the schema", name);
        if (own ? !below(check, name, member, own)
                : json_is_object(others) && !below(check, name, member, others))
            return false;
    }
    return true;
}

static bool check_items(struct check *check, const json_t *value, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        char step[24];
        (void)snprintf(step, sizeof step, "%zu", i);
        if (!below(check, step, json_array_get(value, i), items))
            return false;
    }
    return true;
}

static bool check_pattern(struct check *check, const json_t *value, const char *pattern)
{
    regex_t regex;

    if (!json_is_string(value))
        return true;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return fail(check, "the schema's pattern %s is none", pattern);
    bool ok = regexec(&regex, json_string_value(value), 0, NULL, 0) == 0;
    regfree(&regex);
    return ok || fail(check, "does not match %s", pattern);
}

static bool check_ref(struct check *check, const json_t *value, const char *ref)
{
    const json_t *target = strncmp(ref, "#/$defs/", 8) == 0
                               ? json_object_get(json_object_get(check->root, "$defs"), ref + 8)
                               : NULL;

    return target ? matches(check, value, target) : fail(check, "the schema has no %s", ref);
}

static bool check_any(struct check *check, const json_t *value, const json_t *choices)
{
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (matches(check, value, json_array_get(choices, i)))
            return true;
    return false; /* with the words of the last */
}

static bool is_annotation(const char *keyword)
{
    static const char *const known[] = {"$schema",  "$id",         "title",
                                        "$defs",    "properties",  "additionalProperties",
                                        "examples", "description", NULL};

    for (unsigned i = 0; known[i]; i++)
        if (strcmp(keyword, known[i]) == 0)
            return true;
    return false;
}

static bool check_keyword(struct check *check, const json_t *value, const char *keyword,
                          const json_t *with)
{
    if (strcmp(keyword, "type") == 0)
        return check_type(check, value, with);
    if (strcmp(keyword, "const") == 0)
        return json_equal(value, with) || fail(check, "is not the constant wanted");
    if (strcmp(keyword, "enum") == 0)
        return check_enum(check, value, with);
    if (strcmp(keyword, "required") == 0)
        return check_required(check, value, with);
    if (strcmp(keyword, "items") == 0)
        return check_items(check, value, with);
    if (strcmp(keyword, "minItems") == 0)
        return !json_is_array(value) || json_array_size(value) >= (size_t)json_integer_value(with)
               || fail(check, "has too few items");
    if (strcmp(keyword, "minLength") == 0)
        return !json_is_string(value)
               || json_string_length(value) >= (size_t)json_integer_value(with)
               || fail(check, "is too short");
    if (strcmp(keyword, "minimum") == 0)
        return !json_is_number(value) || json_number_value(value) >= json_number_value(with)
               || fail(check, "is too small");
    if (strcmp(keyword, "pattern") == 0)
        return check_pattern(check, value, json_string_value(with));
    if (strcmp(keyword, "$ref") == 0)
        return check_ref(check, value, json_string_value(with));
    if (strcmp(keyword, "anyOf") == 0)
        return check_any(check, value, with);
    return is_annotation(keyword) || fail(check, "the schema uses %s, unknown here", keyword);
}

static bool matches(struct check *check, const json_t *value, const json_t *schema)
{
    const char *keyword;
    json_t *with;

    json_object_foreach((json_t *)(uintptr_t)schema, keyword, with)
    {
        if (!check_keyword(check, value, keyword, with))
            return false;
    }
    return !json_is_object(value) || check_members(check, value, schema);
}

bool ts_json_follows(const char *json, const char *schema, char *why, size_t size)
{
    char path[512];
    json_error_t error;
    struct check check = {.why = why, .size = size};

    (void)snprintf(path, sizeof path, ASSAY_SOURCE_DIR "/docs/schemas/%s", schema);
    json_t *rules = json_load_file(path, 0, &error);
    if (!rules)
        return fail(&check, "%s: line %d: %s", schema, error.line, error.text);
    json_t *value = json_loads(json, JSON_DECODE_ANY, &error);
    check.root = rules;
    bool ok = value ? matches(&check, value, rules)
                    : fail(&check, "no JSON: line %d: %s", error.line, error.text);
    json_decref(value);
    json_decref(rules);
    return ok;
}
