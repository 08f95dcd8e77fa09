/* SPDX-License-Identifier: MIT */
#include "profiler/agent/dl_next.h"

#include <dlfcn.h>
#include <string.h>

struct ag_dl_next ag_dl_next;

void ag_dl_next_resolve(void)
{
    void *found = dlsym(RTLD_NEXT, "dlopen");

    memcpy(&ag_dl_next.dlopen, &found, sizeof found);
    found = dlsym(RTLD_NEXT, "dlclose");
    memcpy(&ag_dl_next.dlclose, &found, sizeof found);
}
