/* SPDX-License-Identifier: MIT */
#include "harness/http/http_transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/clock.h"

/* After the server's death, how long its last bytes may take through the loopback. */
enum { LAST_BYTES_MS = 200, POLL_MS = 1000 };

struct hn_http_handle {
    CURLM *multi;
    CURL *easy;
    char error[CURL_ERROR_SIZE];
};

void hn_http_answer_fini(struct hn_http_answer *answer)
{
    pf_buf_fini(&answer->headers);
    pf_buf_fini(&answer->body);
}

struct hn_http_handle *hn_http_handle_new(bool cookies, struct pf_err *err)
{
    struct hn_http_handle *handle = pf_mem_new(1, sizeof *handle);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        handle->multi = curl_multi_init();
        handle->easy = curl_easy_init();
    }
    if (!handle->multi || !handle->easy) {
        hn_http_handle_free(handle);
        (void)pf_err_set(err, PF_ERR_SYSTEM, "libcurl: cannot be initialised");
        return NULL;
    }
    if (cookies)
        (void)curl_easy_setopt(handle->easy, CURLOPT_COOKIEFILE, "");
    return handle;
}

void hn_http_handle_free(struct hn_http_handle *handle)
{
    if (!handle)
        return;
    if (handle->easy)
        curl_easy_cleanup(handle->easy);
    if (handle->multi)
        (void)curl_multi_cleanup(handle->multi);
    curl_global_cleanup();
    free(handle);
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
    struct pf_buf *body = context;

    pf_buf_put(body, bytes, one * size);
    return body->full ? 0 : one * size;
}

/* One line a call. A new status line (after 100 Continue, or of a redirect's target) starts over.
 */
static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
    struct pf_buf *headers = context;
    size_t length = one * size;

    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        pf_buf_reset(headers);
    if (length > 0) {
        pf_buf_put(headers, bytes, length);
        pf_buf_put_str(headers, "\n");
    }
    return headers->full ? 0 : one * size;
}

static void set_method(CURL *easy, const struct hn_http_request *request)
{
    bool is_get = strcmp(request->method, "GET") == 0;
    bool is_post = strcmp(request->method, "POST") == 0;
    bool wants_body =
        is_post || strcmp(request->method, "PUT") == 0 || strcmp(request->method, "PATCH") == 0;

    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (request->body || wants_body) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        if (!is_post)
            (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    } else if (strcmp(request->method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (!is_get) {
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static bool sets(const struct hn_http_request *request, const char *name)
{
    for (unsigned i = 0; request->headers[i]; i++)
        if (strncasecmp(request->headers[i], name, strlen(name)) == 0)
            return true;
    return false;
}

/* What is sent is what the test says: no Expect, no Content-Type of libcurl's own. */
static struct curl_slist *header_list(const struct hn_http_request *request)
{
    static const char *const unwanted[] = {"Expect:", "Content-Type:"};
    struct curl_slist *list = NULL;

    for (unsigned i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        if (!sets(request, unwanted[i]))
            list = curl_slist_append(list, unwanted[i]);
    for (unsigned i = 0; request->headers[i]; i++)
        list = curl_slist_append(list, request->headers[i]);
    return list;
}

static void set_options(struct hn_http_handle *handle, const struct hn_http_request *request,
                        struct hn_http_answer *answer)
{
    CURL *easy = handle->easy;

    set_method(easy, request);
    (void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
    (void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket_path);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->max_redirects > 0 ? 1L : 0L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, request->max_redirects);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "assay");
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->error);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer->body);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer->headers);
}

/* Drive it to its end. False: the server died and nothing more came. */
static bool drive(CURLM *multi, int death_fd)
{
    struct curl_waitfd death = {.fd = death_fd, .events = CURL_WAIT_POLLIN};
    uint64_t last_bytes_until = 0;
    int running = 1;

    for (;;) {
        (void)curl_multi_perform(multi, &running);
        if (running == 0)
            return true;
        if (last_bytes_until != 0 && pf_clock_now_ns() >= last_bytes_until)
            return false;
        bool watch = death_fd >= 0 && last_bytes_until == 0;
        death.revents = 0;
        (void)curl_multi_poll(multi, watch ? &death : NULL, watch ? 1 : 0,
                              last_bytes_until ? LAST_BYTES_MS / 10 : POLL_MS, NULL);
        if (watch && death.revents)
            last_bytes_until = pf_clock_now_ns() + LAST_BYTES_MS * 1000000ull;
    }
}

static CURLcode result_of(CURLM *multi)
{
    CURLcode result = CURLE_RECV_ERROR;
    int left;

    for (CURLMsg *msg = curl_multi_info_read(multi, &left); msg;
         msg = curl_multi_info_read(multi, &left))
        if (msg->msg == CURLMSG_DONE)
            result = msg->data.result;
    return result;
}

static void describe(struct hn_http_answer *answer, const struct hn_http_handle *handle,
                     CURLcode result, bool is_dead)
{
    const char *words = handle->error[0] ? handle->error : curl_easy_strerror(result);

    if (is_dead)
        words = "the server died before it had answered";
    else if (answer->body.full)
        words = "the body is larger than 256 MiB";
    (void)snprintf(answer->error, sizeof answer->error, "%s", words);
}

static void read_results(CURL *easy, struct hn_http_answer *answer)
{
    long status = 0;
    long redirects = 0;
    curl_off_t total_us = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &redirects);
    (void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
    answer->status = (int)status;
    answer->redirects = (int)redirects;
    answer->seconds = (double)total_us / 1e6;
}

void hn_http_transfer(struct hn_http_handle *handle, const struct hn_http_request *request,
                      int death_fd, struct hn_http_answer *out)
{
    struct hn_http_answer answer = {.headers.max = HN_RESPONSE_HEADERS_MAX,
                                    .body.max = HN_BODY_MAX};
    struct curl_slist *headers = header_list(request);

    handle->error[0] = '\0';
    set_options(handle, request, &answer);
    (void)curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_multi_add_handle(handle->multi, handle->easy);
    bool is_dead = !drive(handle->multi, death_fd);
    CURLcode result = is_dead ? CURLE_RECV_ERROR : result_of(handle->multi);
    read_results(handle->easy, &answer);
    if (result != CURLE_OK)
        describe(&answer, handle, result, is_dead);
    (void)curl_multi_remove_handle(handle->multi, handle->easy);
    (void)curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(handle->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    *out = answer;
}
