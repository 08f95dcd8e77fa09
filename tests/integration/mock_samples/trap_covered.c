/* Code under test for trap_coverage.c. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

int covered(const char *path);

int covered(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return -1;
    if (fcntl(fd, F_GETFD) < 0 || write(fd, "", 0) < 0)
        return -2;
    return close(fd);
}
