/* SPDX-License-Identifier: MIT */
#include "profiler/attach/fd_name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/base/file.h"

enum { TABLE_BYTES_MAX = 16 << 20, LINE_MAX_BYTES = 512, TCP_LISTEN = 10, ADDRESS_TEXT = 64 };

/* "0100007F:18EB" or 32 digits: words in the machine's order, the port in hexadecimal. */
static bool print_address(const char *hex, char *out, size_t size)
{
    const char *colon = strchr(hex, ':');
    uint32_t words[4] = {0};
    char host[INET6_ADDRSTRLEN];

    if (!colon || (colon - hex != 8 && colon - hex != 32))
        return false;
    unsigned count = (unsigned)(colon - hex) / 8;
    for (unsigned i = 0; i < count; i++) {
        char word[9] = "";
        memcpy(word, hex + (size_t)i * 8, 8);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    if (!inet_ntop(count == 4 ? AF_INET6 : AF_INET, words, host, sizeof host))
        return false;
    (void)snprintf(out, size, count == 4 ? "[%s]:%lu" : "%s:%lu", host,
                   strtoul(colon + 1, NULL, 16));
    return true;
}

/* The next word of a line, which is cut there; "" at its end. */
static char *next_field(char **at)
{
    char *word = *at + strspn(*at, " \t");
    size_t size = strcspn(word, " \t");

    *at = word + size;
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static char *skip_fields(char **at, unsigned count)
{
    while (count-- > 0)
        (void)next_field(at);
    return next_field(at);
}

static bool is_inode(const char *word, uint64_t inode)
{
    char *end = NULL;

    return strtoull(word, &end, 10) == inode && end != word && *end == '\0';
}

/* "  sl  local rem st tx:rx tr:when retrnsmt uid timeout inode ..." */
static bool read_internet(char *line, const char *table, uint64_t inode, char *out, size_t size)
{
    char local[ADDRESS_TEXT];
    char remote[ADDRESS_TEXT];
    const char *local_hex = skip_fields(&line, 1);
    const char *remote_hex = next_field(&line);
    unsigned long state = strtoul(next_field(&line), NULL, 16);

    if (!is_inode(skip_fields(&line, 5), inode) || !print_address(local_hex, local, sizeof local)
        || !print_address(remote_hex, remote, sizeof remote))
        return false;
    int name = (int)strcspn(table, "6");
    if (state == TCP_LISTEN)
        (void)snprintf(out, size, "%.*s listening on %s", name, table, local);
    else
        (void)snprintf(out, size, "%.*s %s with %s", name, table, local, remote);
    return true;
}

/* "Num RefCount Protocol Flags Type St Inode [Path]" */
static bool read_unix(char *line, uint64_t inode, char *out, size_t size)
{
    if (!is_inode(skip_fields(&line, 6), inode))
        return false;
    (void)snprintf(out, size, "unix socket%s%s", *line ? " " : "", line);
    return true;
}

bool pf_socket_name(struct pf_bytes text, const char *table, uint64_t inode, char *out, size_t size)
{
    struct pf_cursor cursor = pf_cursor_view(text);
    struct pf_bytes view;
    char line[LINE_MAX_BYTES];
    bool is_unix = strcmp(table, "unix") == 0;

    while (pf_cursor_line(&cursor, &view)) {
        size_t length = view.size < sizeof line ? view.size : sizeof line - 1;
        memcpy(line, view.at, length);
        line[length] = '\0';
        if (is_unix ? read_unix(line, inode, out, size)
                    : read_internet(line, table, inode, out, size))
            return true;
    }
    return false;
}

static void name_socket(pid_t pid, uint64_t inode, char *out, size_t size)
{
    static const char *const tables[] = {"tcp", "tcp6", "unix", "udp", "udp6"};

    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char path[64];
        struct pf_buf text = {0};
        struct pf_err ignored;
        (void)snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, tables[i]);
        bool found = pf_file_read(&text, path, TABLE_BYTES_MAX, &ignored)
                     && pf_socket_name(pf_buf_view(&text), tables[i], inode, out, size);
        pf_buf_fini(&text);
        if (found)
            return;
    }
}

void pf_fd_name(pid_t pid, int fd, char *out, size_t size)
{
    char path[64];
    static const char socket[] = "socket:[";

    out[0] = '\0';
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t length = readlink(path, out, size - 1);
    if (length < 0)
        return;
    out[length] = '\0';
    if (strncmp(out, socket, sizeof socket - 1) == 0)
        name_socket(pid, strtoull(out + sizeof socket - 1, NULL, 10), out, size);
    else if (strncmp(out, "anon_inode:", 11) == 0)
        memmove(out, out + 11, strlen(out + 11) + 1);
}
