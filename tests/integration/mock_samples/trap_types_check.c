/*
 * Functions known by debug information alone are faked, with their types. Prints what failed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assay/mock.h>
#include <stdio.h>

struct point {
    int x, y;
};
union either {
    int i;
    double d;
};

int trap_types(void);

/* The real ones: called where no rule is. */
unsigned types_enum(unsigned in, union either *out);
struct point *types_pointer(const struct point *in, void *opaque, char **names);
double types_number(float f, double d, _Bool yes, unsigned char c, volatile int *at);
int types_function(void *each, void *done, const struct point *point, int *list);
void types_void(void);

static int failures, voids;

unsigned types_enum(unsigned in, union either *out)
{
    out->i = 1;
    return in;
}

struct point *types_pointer(const struct point *in, void *opaque, char **names)
{
    (void)in, (void)opaque, (void)names;
    return NULL;
}

double types_number(float f, double d, _Bool yes, unsigned char c, volatile int *at)
{
    *at = yes ? c : 0;
    return (double)f + d;
}

int types_function(void *each, void *done, const struct point *point, int *list)
{
    (void)each, (void)done;
    list[0] = 5;
    return point->x;
}

void types_void(void)
{
    voids++;
}

static void report(const char *file, int line, const char *text)
{
    if (!text)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
    failures++;
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            report(__FILE__, __LINE__, "not so: " #condition);                                     \
    } while (0)

int main(void)
{
    int real = trap_types(), at = 100, hundred = 100;
    struct point point = {1000, 0};
    union either out = {.i = 20};

    CHECK(real == 7 + 1 + 0 + 2 + 4 + 99 + 1 + 5);
    assay_mock_begin(report);
    mock_types_void();
    mock_types_enum(.arg1 = IS(7), .ret = 3, .out_arg2 = &out);
    mock_types_pointer(.arg1 = NOT((void *)NULL), .ret = &point);
    expect_types_number(.arg1 = IS(1.5), .arg2 = GT(2.0), .arg3 = IS(1), .arg4 = IS('c'),
                        .ret = 0.5, .out_arg5 = &at);
    expect_types_function(.arg1 = IS((void *)NULL), .ret = 7, .out_arg4 = &hundred);
    CHECK(trap_types() == 3 + 20 + 1000 + 2 + 0 + 100 + 7 + 100);
    CHECK(voids == 1);
    CHECK(types_number_call(0)->arg4 == 'c');
    assay_mock_end();
    if (!failures)
        fprintf(stderr, "all seen\n");
    return failures ? 1 : 0;
}
