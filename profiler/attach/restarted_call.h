/*
 * Which system call goes on under the name of restart_syscall(2).
 *
 * After a stop (ours, or job control's) the kernel continues a wait of limited time by a call of
 * its own that remembers what is left of the time. Its number says nothing of what is waited for;
 * its arguments are still those of the first call, and the code before pc says which that was.
 * Source: restart_syscall(2); glibc sets the number in the instruction before "syscall".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_ATTACH_RESTARTED_CALL_H
#define PROFILER_ATTACH_RESTARTED_CALL_H

#include <stdint.h>
#include <sys/types.h>

/* The number for a thread of the process that is in system call number, with pc behind it: number
 * itself unless it is restart_syscall's and the code before pc can be read and understood. */
long pf_restarted_call(pid_t pid, long number, uint64_t pc);

#endif
