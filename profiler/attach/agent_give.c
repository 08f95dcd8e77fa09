/* SPDX-License-Identifier: MIT */
#include "profiler/attach/agent_give.h"

#include <elf.h>
#include <stdio.h>

#include "profiler/attach/agent_host.h"
#include "profiler/attach/mapped_objects.h"
#include "profiler/attach/object_rows.h"
#include "profiler/elf/elf_file.h"
#include "profiler/trace/given_rows.h"

enum { GIVE_PATH_BYTES = 4096 + 64 };

void pf_agent_give_object(struct pf_agent_host *host, const struct pf_mapped_object *object,
                          pid_t pid)
{
    char path[GIVE_PATH_BYTES];
    struct pf_elf elf = {0};
    struct pf_elf_segment index;
    struct pf_err err = {0};

    if (!object->rows || object->rows->block.size == 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, object->path);
    if (!pf_elf_open(&elf, path, &err))
        return;
    if (pf_elf_segment_find(&elf, PT_GNU_EH_FRAME, &index)) {
        struct pf_bytes header = pf_elf_bytes_at(&elf, index.file_addr, index.file_bytes);
        if (header.size)
            pf_agent_host_give(host, pf_rows_content(header), object->rows->block);
    }
    pf_elf_close(&elf);
}
