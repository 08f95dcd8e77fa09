/*
 * Servers nobody wrote for us, through the fixture: each by the kind of port it can do.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <assay/test.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <assay/short.h>

SERVER(redis,
       .argv = {"redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir",
                "{tmp}"},
       .port = PORT_FIXED, .ready = ready_listening());
SERVER(redis_daemon,
       .argv = {"redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir",
                "{tmp}", "--daemonize", "yes"},
       .port = PORT_FIXED);
SERVER(nginx, .argv = {"nginx", "-p", "{tmp}", "-c", "{tmp}/nginx.conf", "-e", "stderr"},
       .files = {{"nginx.conf", "daemon off; worker_processes 2; pid {tmp}/pid;\n"
                                "events { worker_connections 64; }\n"
                                "http { access_log /dev/stdout; client_body_temp_path {tmp}/b;\n"
                                "  proxy_temp_path {tmp}/p; fastcgi_temp_path {tmp}/f;\n"
                                "  uwsgi_temp_path {tmp}/u; scgi_temp_path {tmp}/s;\n"
                                "  server { listen 127.0.0.1:{port}; root {tmp};\n"
                                "    location = /moved { return 302 /index.html; } } }\n"},
                 {"index.html", "hello from nginx\n"}},
       .port = PORT_FIXED, .ready = ready_http("/index.html"));
SERVER(lighttpd, /* as the PATH of an ordinary user on Debian: it lies in /usr/sbin */
       .env = {"PATH=/usr/local/bin:/usr/bin:/bin"},
       .argv = {"lighttpd", "-D", "-f", "{tmp}/lighttpd.conf"},
       .files = {{"lighttpd.conf", "server.document-root = \"{tmp}\"\n"
                                   "server.systemd-socket-activation = \"enable\"\n"
                                   "server.bind = \"127.0.0.1\"\nserver.port = {port}\n"},
                 {"index.html", "hello from lighttpd\n"}},
       .port = PORT_FD, .ready = ready_http("/index.html"));

static void redis_says_pong(assay_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)assay_server_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[8] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(write(fd, "PING\r\n", 6), 6);
    cr_assert_eq(read(fd, answer, 7), 7);
    cr_assert_str_eq(answer, "+PONG\r\n");
    (void)close(fd);
}

Test(server_real, redis_starts_answers_and_ends_with_zero)
{
    redis_says_pong(redis);
    cr_assert_eq(server_stop(redis), 0);
    cr_assert(strstr(server_log(redis), "bye bye"));
}

Test(server_real, redis_as_a_daemon_is_found_and_ended)
{
    redis_says_pong(redis_daemon);
    pid_t pid = server_pid(redis_daemon);

    (void)server_stop(redis_daemon);
    cr_assert_neq(kill(pid, 0), 0);
}

Test(server_real, nginx_serves_with_its_workers)
{
    http(nginx, get("/index.html"), expect(200), expect_body("hello from nginx\n"),
         expect_header("server", "nginx"));
    cr_assert_eq(server_stats(nginx).processes, 3);
    cr_assert(assay_server_log_has(nginx, 0, "GET /index.html", 5000));
    cr_assert_eq(server_stop(nginx), 0);
}

Test(server_real, redirects_are_answers_until_followed)
{
    http(nginx, get("/moved"), expect(302), expect_header("location", "/index.html"));
    assay_response *r =
        http(nginx, get("/moved"), follow(3), expect(200), expect_body("hello from nginx\n"));
    cr_assert_eq(r->redirects, 1);
}

Test(server_real, lighttpd_takes_the_socket_handed_over)
{
    http(lighttpd, get("/index.html"), expect(200), expect_body("hello from lighttpd\n"));
    int port = assay_server_port(lighttpd);

    server_restart(lighttpd);
    cr_assert_eq(assay_server_port(lighttpd), port);
    http(lighttpd, get("/index.html"), expect(200));
}
