/* SPDX-License-Identifier: MIT */
#include "profiler/attach/restarted_call.h"

#include <string.h>
#include <sys/syscall.h>

#include "profiler/attach/tracee.h"

long pf_restarted_call(pid_t pid, long number, uint64_t pc)
{
    /* b8 NUMBER: mov to %eax | 0f 05: syscall */
    struct __attribute__((packed)) {
        uint8_t mov;
        uint32_t number;
        uint8_t syscall[2];
    } code;
    static const uint8_t syscall_code[] = {0x0f, 0x05};

    if (number != SYS_restart_syscall || !pf_tracee_read(pid, pc - sizeof code, &code, sizeof code)
        || code.mov != 0xb8 || memcmp(code.syscall, syscall_code, sizeof syscall_code) != 0)
        return number;
    return (long)code.number;
}
