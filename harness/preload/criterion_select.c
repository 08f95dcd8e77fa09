/*
 * Which tests Criterion's own runner runs: all others are disabled, and one may begin at a case.
 *
 * SPDX-License-Identifier: MIT
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "harness/preload/preload.h"

/* The one test whose first cases are over already. */
static struct {
    struct criterion_test_params (*evaluate)(void);
    struct criterion_test_params whole;
    size_t from;
} resumed;

/* Criterion hands it the part; the test's own function frees the whole. */
static void clean_whole(struct criterion_test_params *part)
{
    (void)part;
    resumed.whole.cleanup(&resumed.whole);
}

static struct criterion_test_params evaluate_rest(void)
{
    resumed.whole = resumed.evaluate();
    struct criterion_test_params rest = resumed.whole;
    size_t over = resumed.from < rest.length ? resumed.from : rest.length;

    rest.params = (char *)rest.params + over * rest.size;
    rest.length -= over;
    rest.cleanup = resumed.whole.cleanup ? clean_whole : NULL;
    return rest;
}

static void resume_at(struct criterion_test *test, size_t from)
{
    if (!from || !test->data->param_ || resumed.evaluate)
        return;
    resumed.evaluate = test->data->param_;
    resumed.from = from;
    test->data->param_ = evaluate_rest;
}

void hn_native_select(const char *selection)
{
    char *selected = calloc(hn_preload.item_count + 1, 1);

    for (char *end; selected && *selection; selection = end) {
        unsigned long index = strtoul(selection, &end, 10);
        unsigned long from = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
        if (end == selection)
            break;
        if (index >= hn_preload.item_count)
            continue;
        selected[index] = 1;
        resume_at(hn_preload.items[index].test, from);
    }
    for (uint32_t i = 0; selected && i < hn_preload.item_count; i++)
        if (!selected[i])
            hn_preload.items[i].test->data->disabled = true;
    free(selected);
}
