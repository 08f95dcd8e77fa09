/* SPDX-License-Identifier: MIT */
#include "sample_parser.h"

#include <stdlib.h>

static int next_token(const char **at, struct token *token)
{
    while (**at == ' ')
        ++*at;
    if (!**at)
        return 0;
    token->kind = 1;
    token->text = *at;
    while (**at && **at != ' ')
        ++*at;
    return 1;
}

int parser_value(const struct token *token)
{
    return atoi(token->text);
}

int parser_sum(const char *text)
{
    struct token token;
    int sum = 0;

    while (next_token(&text, &token))
        sum += parser_value(&token);
    return sum;
}
