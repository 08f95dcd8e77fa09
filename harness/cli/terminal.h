/*
 * What is asked of a terminal: colour, size, keys; taken over for a live view and given back as it
 * was, whatever happens.
 *
 * Plain ANSI sequences (ECMA-48) and the alternate screen; the size is asked for at each drawing,
 * so a resize needs no handler.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_CLI_TERMINAL_H
#define HARNESS_CLI_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

/* Zero is a valid closed one. */
struct hn_terminal {
    bool is_open;
    struct termios before;
};

/* Is what is written to fd to be coloured: a terminal, and NO_COLOR unset or empty (no-color.org)?
 */
bool hn_terminal_has_colour(int fd);

/* False where stdin and stdout are not both a terminal. */
bool hn_terminal_open(struct hn_terminal *out);
void hn_terminal_close(struct hn_terminal *terminal);

/* At least 1 by 1; 80 by 24 if the terminal does not say. */
void hn_terminal_size(unsigned *columns, unsigned *rows);

/* The key pressed, 0: none. Waits at most wait_ms; arrows are 'k' (up) and 'j' (down). */
int hn_terminal_key(int wait_ms);

#endif
