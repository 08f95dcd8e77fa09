/* SPDX-License-Identifier: MIT */
#include "profiler/attach/code_bytes.h"

#include <string.h>

#include "profiler/attach/tracee.h"
#include "profiler/unwind/code.h"

void pf_code_bytes_of(struct pf_code_bytes *code, pid_t pid, const struct pf_code_map *map)
{
    code->pid = pid;
    code->map = map;
}

void pf_code_bytes_forget(struct pf_code_bytes *code)
{
    for (unsigned i = 0; i < PF_CODE_PAGES_KEPT; i++)
        code->kept[i].pid = 0;
}

static const struct pf_code_page *find_page(struct pf_code_bytes *code, uint64_t addr)
{
    struct pf_code_page *page = &code->kept[addr / PF_CODE_PAGE % PF_CODE_PAGES_KEPT];

    if (page->pid == code->pid && page->addr == addr)
        return page;
    page->pid = code->pid;
    page->addr = addr;
    page->is_there = pf_tracee_read(code->pid, addr, page->bytes, sizeof page->bytes);
    return page;
}

static bool is_code(const struct pf_code_bytes *code, uint64_t addr)
{
    return pf_code_find(code->map, addr) != NULL;
}

bool pf_code_bytes_word(void *from, uint64_t addr, uint64_t *word)
{
    struct pf_code_bytes *code = from;
    size_t at = addr % PF_CODE_PAGE;

    if (!is_code(code, addr) || !is_code(code, addr + sizeof *word - 1))
        return false;
    if (at > PF_CODE_PAGE - sizeof *word)
        return pf_tracee_read(code->pid, addr, word, sizeof *word);
    const struct pf_code_page *page = find_page(code, addr - at);
    if (page->is_there)
        memcpy(word, page->bytes + at, sizeof *word);
    return page->is_there;
}
