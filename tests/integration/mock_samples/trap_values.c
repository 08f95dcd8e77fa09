/*
 * Code under test that passes a structure by value that only a typedef names, and code that calls
 * one function from two files. SPDX-License-Identifier: MIT
 */
typedef struct {
    int x, y;
} nameless;

extern int values_take(nameless value);

int trap_values(void);
int trap_values_home(int value);
int trap_values_caller(int value);

int trap_values(void)
{
    nameless value = {1, 2};
    return values_take(value);
}

int trap_values_home(int value)
{
    return value;
}

int trap_values_caller(int value)
{
    return trap_values_home(value);
}
