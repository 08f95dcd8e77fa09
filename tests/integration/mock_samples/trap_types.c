/*
 * Code under test that declares what it calls by itself, without headers: every kind of type.
 *
 * SPDX-License-Identifier: MIT
 */
enum colour { RED, GREEN = 7 };
union either {
    int i;
    double d;
};
struct point {
    int x, y;
};
typedef struct {
    int hidden;
} only_typedef;
typedef int (*visit)(const char *name, void *arg, ...);
typedef const struct point *const fixed_point;

extern enum colour types_enum(enum colour in, union either *out);
extern struct point *types_pointer(const struct point *in, only_typedef *opaque, char **names);
extern double types_number(float f, double d, _Bool yes, unsigned char c, volatile int *at);
extern int types_function(visit each, void (*done)(int), fixed_point point, int list[4]);
extern void types_void(void);

int trap_types(void);

int trap_types(void)
{
    union either out = {0};
    struct point point = {1, 2};
    only_typedef opaque = {3};
    char *names[1] = {0};
    volatile int at = 0;
    int list[4] = {0};

    types_void();
    struct point *got = types_pointer(&point, &opaque, names);
    return (int)types_enum(GREEN, &out) + out.i + (got ? got->x : 0) + point.y
           + (int)types_number(1.5F, 2.5, 1, 'c', &at) + at
           + types_function((visit)0, (void (*)(int))0, &point, list) + list[0];
}
