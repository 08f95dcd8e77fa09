/*
 * The api fixture's request reader: any bytes, fed in two parts, one request after the other.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>

#include "fixtures/api/reader.h"
#include "fixtures/api/route.h"

static void look_at(struct api_request *req)
{
    long number = 0;

    if (!api_request_split(req))
        return;
    (void)api_request_query_number(req, "limit", 1, 10, &number);
    if (api_route_fits("/users/:id", req->path) && api_route_take_params("/users/:id", req))
        (void)api_request_param(req, "id");
}

/* False when nothing more is to be believed. */
static bool feed(struct api_reader *reader, struct api_request *req, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t used = 0;
        enum api_reading reading = api_reader_feed(reader, bytes, size, &used);
        if (used > size || reading == API_READING_REFUSED)
            return used > size ? (abort(), false) : false;
        bytes += used;
        size -= used;
        if (reading == API_READING_MORE)
            continue;
        look_at(req);
        if (!reader->keep_alive)
            return false;
        api_request_free(req);
        api_reader_begin(reader, req);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct api_request req;
    static struct api_reader reader;
    size_t first = size > 0 ? data[0] % size : 0;

    api_reader_init(&reader);
    api_reader_begin(&reader, &req);
    if (size > 0 && feed(&reader, &req, (const char *)data + 1, first))
        (void)feed(&reader, &req, (const char *)data + 1 + first, size - 1 - first);
    api_request_free(&req);
    return 0;
}
