/*
 * A server of one connection that answers with given bytes, whatever is asked: for what no real
 * server would send.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_INTEGRATION_HTTP_CANNED_H
#define TESTS_INTEGRATION_HTTP_CANNED_H

#include <pthread.h>
#include <stddef.h>

struct canned {
    pthread_t thread;
    int listener;
    const char *answer;
    size_t size;
    char url[64];
    char request[65536]; /* what was asked; after canned_end */
};

/* Serve answer (borrowed) to one client, then close. */
void canned_start(struct canned *canned, const char *answer, size_t size);
void canned_end(struct canned *canned);

#endif
