/*
 * The short names, for those who want tests to read like a specification:
 *
 *     #include <assay/test.h>
 *     #include <assay/short.h>
 *
 *     SERVER(api, .argv = {"./api"}, .ready = ready_http("/healthz"));
 *
 *     Test(users, are_listed) { http(api, get("/users"), expect(200)); }
 *
 * All are macros that look like functions, so members and variables of the same names stay usable.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ASSAY_SHORT_H
#define ASSAY_SHORT_H

#include <assay/http.h>
#include <assay/server.h>

typedef assay_response response;
typedef assay_session session;

#define PORT_FD ASSAY_PORT_FD
#define PORT_ZERO ASSAY_PORT_ZERO
#define PORT_FIXED ASSAY_PORT_FIXED
#define PORT_UNIX ASSAY_PORT_UNIX

#define SERVER(...) ASSAY_SERVER(__VA_ARGS__)
#define ready_http(...) assay_ready_http(__VA_ARGS__)
#define ready_listening() assay_ready_listening()
#define fake_clock() assay_fake_clock()
#define fake_clock_at(...) assay_fake_clock_at(__VA_ARGS__)

#define server_start(...) assay_server_start(__VA_ARGS__)
#define server_stop(...) assay_server_stop(__VA_ARGS__)
#define server_restart(...) assay_server_restart(__VA_ARGS__)
#define server_advance(...) assay_server_advance(__VA_ARGS__)
#define server_advance_until(...) assay_server_advance_until(__VA_ARGS__)
#define server_pid(...) assay_server_pid(__VA_ARGS__)
#define server_url(...) assay_server_url(__VA_ARGS__)
#define server_signal(...) assay_server_signal(__VA_ARGS__)
#define server_log(...) assay_server_log(__VA_ARGS__)
#define server_stats(...) assay_server_stats(__VA_ARGS__)

#define http(...) assay_http(__VA_ARGS__)
#define http_as(...) assay_http_as(__VA_ARGS__)
#define session_new(...) assay_session_new(__VA_ARGS__)
#define capture(...) assay_capture(__VA_ARGS__)

#define get(...) assay_get(__VA_ARGS__)
#define post(...) assay_post(__VA_ARGS__)
#define put(...) assay_put(__VA_ARGS__)
#define del(...) assay_del(__VA_ARGS__)
#define request(...) assay_request(__VA_ARGS__)
#define header(...) assay_header(__VA_ARGS__)
#define query(...) assay_query(__VA_ARGS__)
#define json(...) assay_json(__VA_ARGS__)
#define form(...) assay_form(__VA_ARGS__)
#define body(...) assay_body(__VA_ARGS__)
#define bearer(...) assay_bearer(__VA_ARGS__)
#define timeout_ms(...) assay_timeout_ms(__VA_ARGS__)
#define follow(...) assay_follow(__VA_ARGS__)

#define expect(...) assay_expect(__VA_ARGS__)
#define expect_header(...) assay_expect_header(__VA_ARGS__)
#define expect_no_header(...) assay_expect_no_header(__VA_ARGS__)
#define expect_json(...) assay_expect_json(__VA_ARGS__)
#define expect_body(...) assay_expect_body(__VA_ARGS__)
#define expect_body_has(...) assay_expect_body_has(__VA_ARGS__)
#define expect_no_answer(...) assay_expect_no_answer(__VA_ARGS__)

#endif
