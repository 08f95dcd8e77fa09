/* Code under torture. SPDX-License-Identifier: MIT */
#ifndef TORTURE_STORE_H
#define TORTURE_STORE_H

int store_well(const char *path);
int store_crashing(void);
int store_leaking_fd(const char *path);
int store_leaking_memory(const char *path);
int store_hanging(const char *path);

#endif
