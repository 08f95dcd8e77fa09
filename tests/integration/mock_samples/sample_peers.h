/*
 * Code under test for the fake clock: threads that answer, compute, signal and lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_PEERS_H
#define MOCK_SAMPLES_SAMPLE_PEERS_H

#include <stdbool.h>

/* A thread that answers each byte with one, and waits for the next for at most 30 s. */
void peers_echo_start(long work);
bool peers_echo_ask(int timeout_ms);
void peers_echo_stop(void);

/* Waits for a byte from a thread that computes first and knows no clock; what epoll_wait returned.
 */
int peers_wait_for_work(long work, int timeout_ms);

/* A thread that waits three times for a signal, each for at most 10 s. */
void peers_consumer_start(void);
void peers_consumer_signal(long work); /* done under the lock, before it */
int peers_consumer_signals(void);
int peers_consumer_timeouts(void);
void peers_consumer_join(void);

/* Takes a lock that a thread holds while it sleeps 5 s. */
void peers_lock_behind_sleeper(void);
/* Joins a thread that sleeps for ms. */
void peers_join_sleeper(int ms);

/* Wait for a signal, a post, a thread's end, none of which can come; the errors they end with. */
int peers_wait_for_signal(void);
int peers_wait_for_post(void);
int peers_wait_for_end(void);

/* Waits for the signal of a thread that waits for the lock this wait gives up: true if it came. */
bool peers_wait_for_who_waits(void);

/* Two threads poll for ever, this one and another; the error this one ends with. */
int peers_both_wait_for_ever(void);

/* A thread that computes until it is told to stop. */
void peers_spin_start(void);
void peers_spin_stop(void);

/* A timerfd, with a period of ms; how often it has expired since it was read last. */
int peers_timer(int ms);
long peers_expirations(int fd);

#endif
