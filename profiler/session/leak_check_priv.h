/*
 * A leak check under way: what its two ways to see a process end share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_SESSION_LEAK_CHECK_PRIV_H
#define PROFILER_SESSION_LEAK_CHECK_PRIV_H

#include <signal.h>

#include "profiler/attach/agent_follow.h"
#include "profiler/attach/agent_host.h"
#include "profiler/attach/proc_tree.h"
#include "profiler/base/spawn.h"
#include "profiler/leak/leaks.h"
#include "profiler/session/leak_strangers.h"
#include "profiler/session/leaks_fold.h"
#include "profiler/session/leaks_image.h"
#include "profiler/session/leaks_threads.h"

struct pf_check {
    struct pf_leaks leaks;
    struct pf_leaks_parts parts;
    struct pf_agent_host host;
    struct pf_follow follow; /* unless is_asking */
    struct pf_child child;
    sigset_t old_mask;
    int signal_fd;
    char *agent, *invitation, *preload;
    bool is_asking;           /* nobody may be traced: processes ask to be looked at */
    struct pf_pid_list asked; /* those that did */
    uint32_t asked_to_end;
    uint32_t incomplete;           /* processes of which some thread could not be held */
    struct pf_leaks_doubts doubts; /* of all judged */
    struct pf_leak_strangers strangers;
};

/* Judge a process that stands still and add it to the result. threads are moved. */
void pf_check_judge(struct pf_check *check, const struct pf_agent_process *process, int memory_fd,
                    struct pf_leaks_threads *threads);

/* What a reader must know before believing the answer, noted in it; false if there is none. */
ASSAY_CHECKED
bool pf_check_coverage(struct pf_check *check, const char *command, struct pf_err *err);

/* Hand a signal to the command; once that ended, to whoever of its tree still runs. is_ours: our
 * terminal's, which reaches our process group by itself. */
void pf_check_pass_signal(const struct pf_check *check, int signal, bool is_ours);
void pf_check_kill_all(const struct pf_check *check);

/* Before anybody joins: the tree will ask by itself. */
void pf_check_ask(struct pf_check *check);

/* Whether any of the tree still runs; reaps the command. Never blocks. */
bool pf_check_asked_runs(struct pf_check *check);

/* Processes that ended without asking, by a signal; of the command itself in *is_root. */
uint32_t pf_check_unasked(const struct pf_check *check, bool *is_root);

#endif
