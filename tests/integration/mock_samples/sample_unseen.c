/* Code under test that hides calls from the linker. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

int unseen_hello(void);
int unseen_twice(int value);

static int hidden(int value)
{
    return value + 1;
}

int unseen_twice(int value)
{
    return hidden(value) + hidden(value);
}

int unseen_hello(void)
{
    printf("hello\n");
    return unseen_twice(1);
}
