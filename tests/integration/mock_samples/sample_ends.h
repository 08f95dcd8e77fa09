/*
 * Code under test for EXPECT_EXIT: ways a process ends, by itself, in a child, in a thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_ENDS_H
#define MOCK_SAMPLES_SAMPLE_ENDS_H

void ends_with(int code);
/* A worker process does its part and ends with 0; then this one ends with code. */
void ends_after_worker(int code);
/* The parent ends, the child goes on and returns. */
void ends_as_daemon(void);
void ends_in_thread(int code);
void ends_fatally(const char *why);
void ends_quickly(int code);
void ends_giving_up(const char *name);

/* sample_ends_die.c: ends with 9, with code, with 8. */
_Noreturn void die(const char *why);
_Noreturn void quit(int code);
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
