/* SPDX-License-Identifier: MIT */
#include "harness/server/probe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int hn_probe_status(const char *answer)
{
    if (strncmp(answer, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)answer[7])
        || answer[8] != ' ')
        return 0;
    const char *code = answer + 9;
    if (!isdigit((unsigned char)code[0]) || !isdigit((unsigned char)code[1])
        || !isdigit((unsigned char)code[2]) || isdigit((unsigned char)code[3]))
        return 0;
    return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
}

void hn_probe_close(struct hn_probe *probe)
{
    if (probe->fd >= 0)
        (void)close(probe->fd);
    probe->fd = -1;
    probe->sent = false;
    probe->size = 0;
}

static enum hn_probe_step not_yet(struct hn_probe *probe)
{
    hn_probe_close(probe);
    return HN_PROBE_NOT_YET;
}

/* On loopback a connection is made or refused at once, so a blocking connect never waits; a full
 * backlog (EAGAIN for a Unix socket, EINPROGRESS for TCP) is "not yet". */
static bool connect_to(struct hn_probe *probe, const struct hn_probe_target *target)
{
    probe->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe->fd < 0)
        return false;
    return connect(probe->fd, (const struct sockaddr *)&target->address, target->address_size) == 0
           || errno == EINPROGRESS;
}

static bool send_request(struct hn_probe *probe, const char *path)
{
    char text[1024];
    int size = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: assay-ready\r\n"
                        "Connection: close\r\n\r\n",
                        path);

    probe->sent = true;
    return size < (int)sizeof text && send(probe->fd, text, (size_t)size, MSG_NOSIGNAL) == size;
}

static enum hn_probe_step read_answer(struct hn_probe *probe)
{
    while (probe->size < sizeof probe->answer - 1) {
        ssize_t got =
            recv(probe->fd, probe->answer + probe->size, sizeof probe->answer - 1 - probe->size, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return HN_PROBE_WAIT;
        if (got <= 0)
            break;
        probe->size += (size_t)got;
    }
    probe->answer[probe->size] = '\0';
    probe->last_status = hn_probe_status(probe->answer);
    bool is_ready = probe->last_status / 100 == 2;
    hn_probe_close(probe);
    return is_ready ? HN_PROBE_READY : HN_PROBE_NOT_YET;
}

enum hn_probe_step hn_probe_step(struct hn_probe *probe, const struct hn_probe_target *target)
{
    if (probe->fd < 0 && !connect_to(probe, target))
        return not_yet(probe);
    if (!target->path) {
        hn_probe_close(probe);
        return HN_PROBE_READY;
    }
    if (!probe->sent && !send_request(probe, target->path))
        return not_yet(probe);
    return read_answer(probe);
}
