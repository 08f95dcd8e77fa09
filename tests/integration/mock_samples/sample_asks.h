/*
 * Code under test that asks the system all kinds of things, each in one call.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_ASKS_H
#define MOCK_SAMPLES_SAMPLE_ASKS_H

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

ssize_t asks_read(int fd, void *buf, size_t size);
ssize_t asks_write(int fd, const void *buf, size_t size);
int asks_open(const char *path);
/* Two buffers of 4 bytes. */
ssize_t asks_writev(int fd, const char *text);
ssize_t asks_readv(int fd, char *text);
ssize_t asks_sendmsg(int fd, const char *text);
/* Says in *flags what the message said. */
ssize_t asks_recvmsg(int fd, char *text, int *flags);
ssize_t asks_sendfile(int to, int from, size_t size);
size_t asks_fread(FILE *file, char *text, size_t size);

int asks_accept(int fd, struct sockaddr_in *addr, socklen_t *size);
int asks_name(int fd, void *addr, socklen_t *size);
ssize_t asks_recvfrom(int fd, void *buf, size_t size, struct sockaddr_in *addr);
int asks_type(int fd, int *type);
char *asks_directory(char *buf, size_t size);
char *asks_line(char *buf, int size, FILE *file);
int asks_poll(int fd);

#endif
