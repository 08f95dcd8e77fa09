/*
 * The kernel, memory, directories, limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/cli/doctor.h"

enum { FDS_WANTED = 4096, SHM_MIB_WANTED = 32 };

static bool has_pidfd(void)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* An empty range: fails with EINVAL where the call exists (first > last), ENOSYS where not. */
static bool has_close_range(void)
{
    return syscall(SYS_close_range, 2u, 1u, 0) == 0 || errno != ENOSYS;
}

void hn_check_kernel(struct hn_finding *out)
{
    struct utsname name = {0};

    (void)uname(&name);
    if (strcmp(name.machine, "x86_64") != 0)
        hn_finding_missing(out, "use an x86-64 machine", "Linux %s on %s, which is not supported",
                           name.release, name.machine);
    else if (!has_pidfd() || !has_close_range())
        hn_finding_missing(
            out, "use Linux 5.9 or later; in a container, a seccomp profile that knows these calls",
            "Linux %s refuses%s%s", name.release, has_pidfd() ? "" : " pidfd_open",
            has_close_range() ? "" : " close_range");
    else
        hn_finding_works(out, "Linux %s, %s, %ld processors", name.release, name.machine,
                         sysconf(_SC_NPROCESSORS_ONLN));
}

/* The harness starts its supervisor from memory; the agent's data lies in such a file, too. */
void hn_check_memory_files(struct hn_finding *out)
{
    enum { EXECUTABLE = 0x10 /* MFD_EXEC, Linux 6.3 */ };
    int fd = memfd_create("assay-doctor", MFD_CLOEXEC | EXECUTABLE);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("assay-doctor", MFD_CLOEXEC);
    if (fd < 0)
        hn_finding_missing(out, "sysctl vm.memfd_noexec=0 (or 1)", "memfd_create: %s",
                           strerror(errno));
    else
        hn_finding_works(out, "memory files can be made and run");
    if (fd >= 0)
        (void)close(fd);
}

static bool can_write_in(const char *dir)
{
    char path[64];

    (void)snprintf(path, sizeof path, "%s/assay-doctor-XXXXXX", dir);
    int fd = mkstemp(path);
    if (fd < 0)
        return false;
    (void)unlink(path);
    (void)close(fd);
    return true;
}

void hn_check_directories(struct hn_finding *out)
{
    struct statvfs shm = {0};
    const char *unwritable = !can_write_in("/tmp")       ? "/tmp"
                             : !can_write_in("/dev/shm") ? "/dev/shm"
                                                         : NULL;
    int why = errno;

    if (unwritable) {
        hn_finding_missing(out, "make it writable (docker run --tmpfs, --shm-size)",
                           "%s cannot be written: %s", unwritable, strerror(why));
        return;
    }
    (void)statvfs("/dev/shm", &shm);
    unsigned long long free_mib = (unsigned long long)shm.f_bavail * shm.f_frsize >> 20;
    if (free_mib < SHM_MIB_WANTED)
        hn_finding_limited(out, "give it more room (docker run --shm-size=256m)",
                           "/dev/shm has only %llu MiB left", free_mib);
    else
        hn_finding_works(out, "/tmp and /dev/shm are writable (%llu MiB of shared memory)",
                         free_mib);
}

void hn_check_descriptors(struct hn_finding *out)
{
    struct rlimit limit = {0};

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < FDS_WANTED)
        hn_finding_limited(
            out, "raise the hard limit (ulimit -Hn, LimitNOFILE=)",
            "at most %llu descriptors: servers with many threads are recorded in part",
            (unsigned long long)limit.rlim_max);
    else
        hn_finding_works(out, "up to %llu descriptors", (unsigned long long)limit.rlim_max);
}
