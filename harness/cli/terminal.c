/* SPDX-License-Identifier: MIT */
#include "harness/cli/terminal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Alternate screen, cursor hidden; and back. */
static const char ENTER[] = "\033[?1049h\033[?25l";
static const char LEAVE[] = "\033[?25h\033[?1049l";

bool hn_terminal_has_colour(int fd)
{
    const char *refused = getenv("NO_COLOR");

    return isatty(fd) && (!refused || !*refused);
}

bool hn_terminal_open(struct hn_terminal *out)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)
        || tcgetattr(STDIN_FILENO, &out->before) != 0)
        return false;
    raw = out->before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
        return false;
    (void)!write(STDOUT_FILENO, ENTER, sizeof ENTER - 1);
    out->is_open = true;
    return true;
}

void hn_terminal_close(struct hn_terminal *terminal)
{
    if (!terminal->is_open)
        return;
    (void)!write(STDOUT_FILENO, LEAVE, sizeof LEAVE - 1);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
    terminal->is_open = false;
}

void hn_terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize size = {0};

    *columns = 80;
    *rows = 24;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return;
    *columns = size.ws_col;
    *rows = size.ws_row;
}

int hn_terminal_key(int wait_ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char bytes[8];

    if (poll(&input, 1, wait_ms) <= 0)
        return 0;
    ssize_t got = read(STDIN_FILENO, bytes, 1);
    if (got <= 0)
        return 0;
    if (bytes[0] != 033)
        return bytes[0];
    got = poll(&input, 1, 0) > 0 ? read(STDIN_FILENO, bytes, 2) : 0;
    if (got == 2 && (bytes[0] == '[' || bytes[0] == 'O'))
        return bytes[1] == 'A' ? 'k' : bytes[1] == 'B' ? 'j' : 0;
    return 0;
}
