/*
 * What the runner and its part inside a test binary say to each other.
 *
 * Two channels. Control: one SOCK_SEQPACKET pair for the binary and one for each lane, a message a
 * packet, each beginning with a hn_wire_type. Results: one shared mapping a lane, written by the
 * test process without a descriptor, so a test that closes them all, crashes or is killed loses
 * nothing it already said.
 *
 * A binary is started once; its process lists the tests and forks lanes. A lane runs one test after
 * another, each in a process of its own, and is the subreaper of all that the test starts.
 *
 * Both sides are built together and run on one machine: host byte order, no compatibility promised.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_PRELOAD_WIRE_H
#define HARNESS_PRELOAD_WIRE_H

#include <signal.h>
#include <stdint.h>

/* Asks a late test to write its coverage and end. */
#define HN_WIRE_SIGNAL_DUMP (SIGRTMAX - 2)

/* Tells a lane that the binary's own process is gone, and with it the runner, perhaps. */
#define HN_WIRE_SIGNAL_GONE (SIGRTMAX - 3)

#define HN_WIRE_FD_ENV "ASSAY_RUNNER_FD"           /* the binary's control socket */
#define HN_WIRE_ENGINE_ENV "ASSAY_RUNNER_ENGINE"   /* "fork" (default) or "criterion" */
#define HN_WIRE_SELECT_ENV "ASSAY_RUNNER_SELECT"   /* criterion: indices to run, "0 3:2 4" */
#define HN_WIRE_PAGE_ENV "ASSAY_RUNNER_PAGE"       /* criterion: a worker's hn_native_page */
#define HN_WIRE_PRELOAD_ENV "ASSAY_RUNNER_PRELOAD" /* what LD_PRELOAD was before us */

/* The exit status of a binary whose constructors closed the control socket. */
#define HN_WIRE_STATUS_DEAF 87

/* In a valgrind log, where the test begins. */
#define HN_WIRE_VALGRIND_MARK "assay: the test begins"

enum {
    HN_WIRE_PACKET_MAX = 48 * 1024,
    HN_WIRE_SHARED_BYTES = 4 << 20,
    HN_WIRE_LANE_BYTES = 4096,      /* after the shared bytes */
    HN_WIRE_TEXT_MAX = 32 * 1024,   /* of one record */
    HN_WIRE_SNAPSHOT_MAX = 1 << 20, /* of a snapshot's record */
    HN_WIRE_NAMES_MAX = 512,
    HN_WIRE_PATH_MAX = 256,
};

enum hn_wire_type {
    /* binary to runner */
    HN_WIRE_EVALUATING = 1, /* text: the test whose parameters are being evaluated */
    HN_WIRE_TEST,           /* of struct hn_wire_test, within HN_WIRE_TESTS */
    HN_WIRE_TESTS,          /* struct hn_wire_tests */
    HN_WIRE_LISTED,         /* end of the list */
    HN_WIRE_REMARK,         /* text: what is to be known of the binary, within the list */
    /* runner to binary; carries socket, stdout, stderr and shared mapping */
    HN_WIRE_OPEN_LANE,
    /* runner to lane */
    HN_WIRE_RUN,   /* struct hn_wire_run */
    HN_WIRE_CLOSE, /* the lane is done with; one that is hung up on without it lost its runner */
    /* lane to runner: struct hn_wire_state */
    HN_WIRE_CRASHED, /* the process is stopped for inspection; SIGCONT lets it die */
    HN_WIRE_ENDED,
    /* binary to runner, with Criterion's own engine */
    HN_WIRE_NATIVE, /* struct hn_wire_native */
};

struct hn_wire_text {
    uint32_t type;
    char text[];
};

enum hn_wire_test_flag {
    HN_WIRE_DISABLED = 1,
    HN_WIRE_PARAMETERIZED = 2,
    HN_WIRE_NETNS = 4,
    HN_WIRE_NO_CASES = 8, /* set by the runner, with DISABLED: parameterized, without parameters */
};

/* One test, in the order of the list; strings follow, NUL-terminated, in the order named. */
struct hn_wire_test {
    uint32_t type;
    uint32_t line;
    uint32_t cases; /* of a parameterized test */
    uint32_t flags;
    int32_t signal;
    int32_t exit_code;
    uint32_t retries;
    uint32_t memory_mb;
    double timeout_s;
    char strings[]; /* suite, name, file, description, tags, torture */
};

/* Descriptions side by side: for each its size in bytes (uint32_t), then a struct hn_wire_test. */
struct hn_wire_tests {
    uint32_t type;
    char parts[];
};

enum hn_wire_run_flag {
    HN_WIRE_RUN_NETNS = 1,
    HN_WIRE_RUN_NO_STACKS = 2, /* do not stop a crashing process for inspection */
    HN_WIRE_RUN_LEAKS = 4,
    HN_WIRE_RUN_OUTPUT = 8, /* leave stdout and stderr alone */
    HN_WIRE_RUN_CWD = 16,   /* in its private directory */
};

struct hn_wire_run {
    uint32_t type;
    uint32_t test;
    uint32_t param;
    uint32_t flags;
    uint32_t attempt;
    uint32_t torture_nth; /* which fallible call fails; 0: only count them */
    int32_t torture_fd;   /* of torture_pid: where the mocks tell what they did */
    int32_t torture_pid;
    uint64_t memory_bytes;
    uint64_t gcov_dump, gcov_reset; /* file addresses in the executable, 0: not built so */
    char temp_dir[HN_WIRE_PATH_MAX];
    char torture[HN_WIRE_NAMES_MAX]; /* the calls to fail, "": no torture */
};

struct hn_wire_state {
    uint32_t type;
    int32_t pid;
    int32_t wait_status;
    uint32_t left_over;  /* processes the test left behind, all killed */
    uint32_t has_execed; /* it had become another program */
    uint64_t duration_ns;
    uint64_t user_us, system_us;
    uint64_t peak_kib;
};

enum hn_native_event {
    HN_NATIVE_START,  /* waits for one byte in answer before the test begins */
    HN_NATIVE_RECORD, /* kind and text as in struct hn_record */
    HN_NATIVE_CRASH,
    HN_NATIVE_TIMEOUT,
    HN_NATIVE_POST, /* the body ended: status and assertion count are known */
    HN_NATIVE_END,
};

struct hn_wire_native {
    uint32_t type;
    uint32_t event;
    uint32_t test;
    uint32_t kind, line; /* of a record */
    uint32_t status;     /* enum criterion_test_status */
    int32_t signal, exit_code;
    int32_t pid;    /* of the worker the test runs in */
    uint32_t phase; /* how far it came: enum hn_wire_phase */
    uint64_t asserts;
    double seconds;
    char text[];
};

/* What a worker of Criterion's engine says of itself, for the binary's own process to pass on. */
struct hn_native_page {
    int32_t pid;
    uint32_t phase;
    uint64_t asserts; /* evaluated, passed or not */
};

enum hn_wire_phase {
    HN_PHASE_NONE,
    HN_PHASE_SETUP,
    HN_PHASE_MAIN,
    HN_PHASE_TEARDOWN,
    HN_PHASE_DONE,
    HN_PHASE_SKIPPED,
    HN_PHASE_ABORTED, /* criterion_test_die, or an assertion failed where none can be recovered */
};

enum hn_record_kind {
    HN_RECORD_FAILURE = 1, /* text: file NUL message */
    HN_RECORD_ERROR,       /* text: a defect that is no failed assertion */
    HN_RECORD_WARNING,
    HN_RECORD_NOTE,
    HN_RECORD_SKIP,     /* text: the reason, may be empty */
    HN_RECORD_THEORY,   /* text: the arguments it failed for */
    HN_RECORD_PROCESS,  /* text: a process left behind, "PID COMMAND" */
    HN_RECORD_FD,       /* text: a descriptor left open, "FD -> TARGET" */
    HN_RECORD_SOCKET,   /* text: a listening socket left open */
    HN_RECORD_NEEDS,    /* text: a tool this test must run under: "callgrind", "allocs" */
    HN_RECORD_MEMCHECK, /* text: "ERRORS DEFINITE_BYTES" */
    HN_RECORD_BUDGET,   /* text: file, limit, first and last dump by callgrind, 0x1f between */
    HN_RECORD_SNAPSHOT, /* text: file, content, redactions, each ended by NUL */
};

/* The record that follows is complete when kind is not 0. Sizes are multiples of 8. */
struct hn_record {
    uint32_t kind; /* written last */
    uint32_t size; /* header, text and padding */
    uint32_t line;
    int32_t pid;
    char text[];
};

/* How a test left that did not come back, as far as it could tell. */
enum hn_ending {
    HN_ENDING_UNKNOWN, /* _exit(), quick_exit(), a signal, exec */
    HN_ENDING_EXIT,
    HN_ENDING_EXIT_IN_THREAD, /* exit() in a thread other than the test's */
    HN_ENDING_THREAD,         /* the test's own thread ended by pthread_exit() */
};

enum hn_crash_state { HN_CRASH_NONE, HN_CRASH_CLAIMED, HN_CRASH_PARKED };

/* Behind the shared mapping, and not mapped in tests: what the lane says without waking the runner,
 * which needs it only when a test is late. */
struct hn_lane_page {
    int32_t lane_pid;
    int32_t test_pid; /* 0: none runs */
};

/* The start of a lane's shared mapping; records follow. */
struct hn_shared {
    uint32_t used;    /* bytes of records reserved, may pass the end */
    uint32_t dropped; /* records that did not fit */
    uint32_t phase;
    uint32_t crash; /* enum hn_crash_state */
    int32_t crash_signal, crash_code, crash_tid;
    uint32_t overflowed; /* it was the stack that ran out */
    uint32_t jumped;     /* it ran to where there is no code: crash_addr */
    uint32_t ending;     /* enum hn_ending */
    uint32_t failures;
    uint64_t crash_addr;
    uint64_t asserts; /* evaluated, passed or not */
    uint64_t main_ns; /* CLOCK_MONOTONIC at the start of the body */
};

#endif
