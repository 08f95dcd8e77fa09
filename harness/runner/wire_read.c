/* SPDX-License-Identifier: MIT */
#include "harness/runner/wire_read.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "harness/preload/wire.h"

enum { CASES_MAX = 1000000, TESTS_MAX = 4000000, STRINGS = 6 };

uint32_t hn_wire_type(const char *packet, size_t size)
{
    uint32_t type = 0;

    if (size >= sizeof type)
        memcpy(&type, packet, sizeof type);
    return type;
}

bool hn_wire_copy_text(char *to, size_t room, const char *packet, size_t size)
{
    if (size <= sizeof(struct hn_wire_text))
        return false;
    const char *text = packet + sizeof(struct hn_wire_text);
    size_t length = strnlen(text, size - sizeof(struct hn_wire_text));
    if (length >= room)
        length = room - 1;
    memcpy(to, text, length);
    to[length] = '\0';
    return true;
}

static bool read_strings(const char *strings[STRINGS], const char *at, size_t size)
{
    for (unsigned i = 0; i < STRINGS; i++) {
        size_t length = strnlen(at, size);
        if (length == size)
            return false;
        strings[i] = at;
        at += length + 1;
        size -= length + 1;
    }
    return true;
}

static struct hn_test *append(struct hn_plan *plan)
{
    if (plan->test_count == plan->test_capacity) {
        plan->test_capacity = plan->test_capacity ? 2 * plan->test_capacity : 256;
        plan->tests = pf_mem_resize(plan->tests, plan->test_capacity, sizeof *plan->tests);
    }
    struct hn_test *test = &plan->tests[plan->test_count++];
    *test = (struct hn_test){.param = HN_NO_CASE, .last_duration_s = -1};
    return test;
}

static const char *keep(struct hn_plan *plan, const char *text)
{
    return *text ? pf_arena_text(&plan->arena, text, strlen(text)) : "";
}

static void fill(struct hn_test *test, const struct hn_wire_test *head, struct hn_plan *plan,
                 const char *const strings[STRINGS])
{
    test->suite = keep(plan, strings[0]);
    test->name = keep(plan, strings[1]);
    test->file = keep(plan, strings[2]);
    test->description = keep(plan, strings[3]);
    test->tags = keep(plan, strings[4]);
    test->torture = keep(plan, strings[5]);
    test->line = head->line;
    test->flags = head->flags;
    test->signal = head->signal;
    test->exit_code = head->exit_code;
    test->retries = head->retries < 100 ? head->retries : 100;
    test->memory_mb = head->memory_mb;
    test->timeout_s = isfinite(head->timeout_s) && head->timeout_s > 0 ? head->timeout_s : 0;
}

static void name_test(struct hn_plan *plan, struct hn_test *test)
{
    const char *binary = plan->binaries[test->binary].name;

    if (test->param != HN_NO_CASE)
        test->name = hn_text(&plan->arena, "%s[%u]", test->name, test->param);
    test->id = hn_text(&plan->arena, "%s/%s/%s", binary, test->suite, test->name);
}

bool hn_wire_add_test(struct hn_plan *plan, uint32_t binary, const char *packet, size_t size,
                      struct pf_err *err)
{
    struct hn_wire_test head;
    const char *strings[STRINGS];
    struct hn_binary *owner = &plan->binaries[binary];
    size_t fixed = offsetof(struct hn_wire_test, strings);

    if (size <= fixed || !read_strings(strings, packet + fixed, size - fixed))
        return pf_err_set(err, PF_ERR_FORMAT, "a test's description is cut short");
    memcpy(&head, packet, fixed);
    bool has_cases = (head.flags & HN_WIRE_PARAMETERIZED) && !(head.flags & HN_WIRE_DISABLED);
    if (has_cases && !head.cases) { /* it has its place in every report all the same */
        head.flags |= HN_WIRE_DISABLED | HN_WIRE_NO_CASES;
        has_cases = false;
    }
    uint32_t cases = has_cases ? head.cases : 1;
    if (cases > CASES_MAX || plan->test_count > TESTS_MAX)
        return pf_err_set(err, PF_ERR_LIMIT, "%s/%s: %u cases are more than %u", strings[0],
                          strings[1], cases, CASES_MAX);

    struct hn_test common = {.param = HN_NO_CASE, .last_duration_s = -1};
    fill(&common, &head, plan, strings);
    common.binary = binary;
    common.index = owner->test_count++;
    for (uint32_t i = 0; i < cases; i++) {
        struct hn_test *test = append(plan);
        *test = common;
        test->param = has_cases ? i : HN_NO_CASE;
        name_test(plan, test);
    }
    return true;
}

bool hn_wire_add_tests(struct hn_plan *plan, uint32_t binary, const char *packet, size_t size,
                       struct pf_err *err)
{
    uint32_t part;

    for (size_t at = sizeof(struct hn_wire_tests); at < size; at += part) {
        if (size - at < sizeof part)
            return pf_err_set(err, PF_ERR_FORMAT, "a list of tests is cut short");
        memcpy(&part, packet + at, sizeof part);
        at += sizeof part;
        if (part > size - at)
            return pf_err_set(err, PF_ERR_FORMAT, "a list of tests is cut short");
        if (!hn_wire_add_test(plan, binary, packet + at, part, err))
            return false;
    }
    return true;
}

bool hn_wire_read_native(char *packet, size_t size, struct hn_wire_native *event, char **text)
{
    const size_t fixed = offsetof(struct hn_wire_native, text);

    if (size <= fixed)
        return false;
    packet[size - 1] = '\0';
    memcpy(event, packet, fixed);
    *text = packet + fixed;
    return true;
}

bool hn_wire_next_record(const struct hn_shared *shared, uint32_t *at, struct hn_record_view *out)
{
    const size_t room = HN_WIRE_SHARED_BYTES - sizeof(struct hn_shared);
    struct hn_record head;

    if (*at > room - sizeof head)
        return false;
    const char *record = (const char *)(shared + 1) + *at;
    memcpy(&head, record, sizeof head);
    if (head.kind == 0 || head.size <= sizeof head || head.size > room - *at || head.size % 8 != 0)
        return false;
    const char *text = record + sizeof head;
    size_t size = head.size - sizeof head;
    if (text[size - 1] != '\0') /* padding is zero and so is the end of the text */
        return false;
    while (size > 1 && text[size - 2] == '\0')
        size--;
    *out = (struct hn_record_view){head.kind, head.line, head.pid, text, size - 1};
    *at += head.size;
    return true;
}
