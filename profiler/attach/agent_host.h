/*
 * The collector's side of the agent's handshake: an address to call, a region for each caller.
 *
 * Abstract socket, so nothing is left in a file system and a chroot does not matter; a random token
 * in the environment, so nobody else is answered. A region stays mapped here until it is released
 * or the host is closed, whatever becomes of the process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_AGENT_HOST_H
#define PROFILER_ATTACH_AGENT_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profiler/base/err.h"
#include "profiler/trace/bytes.h"
#include "profiler/trace/handshake.h"
#include "profiler/trace/region.h"

enum { PF_AGENT_PROCESSES_MAX = 1 << 16 };

/* One program image that registered: a process, until it execs. */
struct pf_agent_process {
    pid_t pid;                /* as we see it */
    struct pf_region *region; /* NULL once released */
    uint64_t region_bytes;
    uint64_t start_ns; /* CLOCK_MONOTONIC; the region's time counts from here */
    uint8_t image[16];
    char exe[PF_HANDSHAKE_EXE_MAX];
    bool is_fork;
    pid_t parent;   /* is_fork: who forked it, as that one sees itself */
    bool is_over;   /* the process ended, exec'ed or registered again: nothing more will come */
    bool is_mapped; /* it said so */
    int map_errno;  /* why not */
};

struct pf_given_block {
    uint64_t content;
    void *bytes;
    size_t size;
};

struct pf_agent_call {
    int fd;
    pid_t pid;
    uint32_t process; /* in processes once welcomed */
    bool is_welcomed;
};

/* For an owner who wants to know who comes and to look at who goes; any may be NULL. Called while
 * the host serves; process is borrowed for the call. */
struct pf_agent_visits {
    void *to;
    /* It was given a region: what it shall do, of enum pf_welcome_flag. */
    uint32_t (*joined)(void *to, const struct pf_agent_process *process);
    /* All its threads stand still until this returns. leave may be anything: check it with
     * pf_leaks_threads_asked. memory_fd: of its memory, -1 if it could not be had. */
    void (*left)(void *to, const struct pf_agent_process *process, const struct pf_leave *leave,
                 int memory_fd);
};

struct pf_agent_host {
    int listen_fd;
    int poll_fd; /* readable when pf_agent_host_serve has something to do */
    char address[PF_HANDSHAKE_ADDRESS_MAX];
    char token[PF_HANDSHAKE_TOKEN + 1];
    struct pf_region_sizes sizes;
    uint32_t wants;     /* enum pf_region_want; PF_REGION_HEAP unless set otherwise */
    uint32_t sample_hz; /* with PF_REGION_CPU */
    struct pf_agent_process *processes;
    uint32_t process_count, process_capacity;
    struct pf_agent_call *calls;
    uint32_t call_count, call_capacity;
    struct pf_given_block *given; /* rows laid into every region, see pf_agent_host_give */
    uint32_t given_count, given_capacity;
    struct pf_agent_visits visits;
    uint32_t refused;  /* hellos answered without a region */
    int refused_errno; /* why the newest could not have one; 0: it was not to have one */
};

ASSAY_CHECKED
bool pf_agent_host_open(struct pf_agent_host *out, const struct pf_region_sizes *sizes,
                        struct pf_err *err);
void pf_agent_host_close(struct pf_agent_host *host);

/* "NAME=VALUE" for the server's environment: the invitation, and LD_PRELOAD with what stands there
 * already. Heap strings. */
char *pf_agent_host_invitation(const struct pf_agent_host *host);
char *pf_agent_preload(const char *agent_path);

/* Where libassay-agent.so is: $ASSAY_AGENT, beside the running program, installed. Heap string. */
ASSAY_CHECKED
bool pf_agent_find(char **out, struct pf_err *err);

/* Rows of an object (given_rows.h) for the regions made from now on; copied. */
void pf_agent_host_give(struct pf_agent_host *host, uint64_t content, struct pf_bytes block);

/* Answer whoever is calling; never blocks. */
void pf_agent_host_serve(struct pf_agent_host *host);

/* A process that is done with: its region is given back. All its images are forgotten. */
void pf_agent_host_forget(struct pf_agent_host *host, pid_t pid);

/* Write the time into every region. */
void pf_agent_host_tick(struct pf_agent_host *host);

/* Tell every agent to sample no more, and wait until none does or deadline_ns has come. */
void pf_agent_host_stop_sampling(struct pf_agent_host *host, uint64_t deadline_ns);

/* Give back the memory of processes[index], which has ended and been read. */
void pf_agent_host_release(struct pf_agent_host *host, uint32_t index);

/* The newest image of a process, NULL if it never registered. Borrowed until the next serve. */
struct pf_agent_process *pf_agent_host_find(struct pf_agent_host *host, pid_t pid);

#endif
