/*
 * What the agent and the collector say to each other, once, over a local socket.
 *
 * The collector listens on an abstract SOCK_SEQPACKET address and puts "ADDRESS:TOKEN" into the
 * environment. The agent sends one pf_hello; the collector answers one pf_welcome that carries the
 * region's descriptor (SCM_RIGHTS) or none (refused: the agent stays passive); the agent says
 * whether it could map it (pf_mapped) and both close.
 *
 * A process that was told to wait (PF_WELCOME_WAIT) calls once more at its end, with every thread
 * of it stopped: one pf_leave that carries a descriptor of its own memory. It ends when one byte
 * comes back. The collector needs no right to trace it for that.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_HANDSHAKE_H
#define PROFILER_TRACE_HANDSHAKE_H

#include <stdint.h>

#define PF_HANDSHAKE_VARIABLE "ASSAY_AGENT_COLLECTOR"

enum {
    PF_HANDSHAKE_MAGIC = 0x41534841,
    PF_HANDSHAKE_LEAVE = 0x41534c56,
    PF_HANDSHAKE_VERSION = 2,
    PF_HANDSHAKE_TOKEN = 32, /* hexadecimal digits */
    PF_HANDSHAKE_ADDRESS_MAX = 64,
    PF_HANDSHAKE_EXE_MAX = 256,
    PF_HANDSHAKE_TIMEOUT_S = 5,
    PF_LEAVE_TIMEOUT_S = 60, /* to be looked at */
    PF_LEAVE_WORDS_MAX = 64,
};

/* Why a process says hello. */
enum pf_hello_reason {
    PF_HELLO_START = 1, /* a program was started */
    PF_HELLO_FORK = 2,  /* a fork went on without exec */
};

struct pf_hello {
    uint32_t magic, version;
    char token[PF_HANDSHAKE_TOKEN];
    uint32_t pid; /* as the process sees itself; the kernel tells the collector its own view */
    uint32_t reason;
    uint32_t parent;   /* a fork: who forked it, as that one sees itself; else 0 */
    uint8_t image[16]; /* AT_RANDOM: differs with every exec */
    char exe[PF_HANDSHAKE_EXE_MAX];
};

struct pf_welcome {
    uint32_t magic, version;
    uint32_t is_accepted;
    uint32_t flags; /* enum pf_welcome_flag */
    uint64_t region_bytes;
};

enum pf_welcome_flag {
    PF_WELCOME_HEAP = 1, /* record allocations */
    PF_WELCOME_WAIT = 2, /* at its end, ask for leave (pf_leave) and wait */
};

struct pf_mapped {
    uint32_t magic;
    int32_t sys_errno; /* 0: mapped */
};

/* A stopped thread: where its stack begins to mean something, and what its registers hold. */
struct pf_leave_thread {
    uint64_t live_from;     /* everything below on its stack is dead */
    uint64_t control_block; /* fs base */
    uint32_t word_count;
    uint32_t spare;
    uint64_t words[PF_LEAVE_WORDS_MAX];
};

/* Sent with a descriptor of /proc/self/mem, or none where there is no /proc. */
struct pf_leave {
    uint32_t magic;      /* PF_HANDSHAKE_LEAVE */
    uint32_t missed;     /* threads that did not stop in time */
    uint64_t threads_at; /* offset in the region, of struct pf_leave_thread */
    uint32_t thread_count;
    uint32_t spare;
};

#endif
