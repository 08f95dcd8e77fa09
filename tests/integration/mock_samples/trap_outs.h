/* Code under test that is handed things in many ways. SPDX-License-Identifier: MIT */
#ifndef TRAP_OUTS_H
#define TRAP_OUTS_H

#include <netinet/in.h>
#include <stdio.h>
#include <time.h>

int outs_pairs(int *sum);
size_t outs_items(FILE *from, short items[4]);
const char *outs_text(char text[32], FILE *from);
int outs_line(FILE *from, char **line, size_t *room);
int outs_formatted(char text[32], char **made, int number);
int outs_address(struct in_addr *address, char host[16], char service[16]);
timer_t outs_timer(void);
int outs_year(void);
const char *outs_path(char name[16], char path[4096]);

#endif
