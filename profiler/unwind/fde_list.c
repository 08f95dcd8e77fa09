/* SPDX-License-Identifier: MIT */
#include "profiler/unwind/fde_list.h"

#include "profiler/unwind/cfi_pointer.h"

enum {
    HDR_VERSION = 1,
    FDE_BYTES_MIN = 12,            /* length, id, an address and a size of two bytes each */
    FAR_BYTES = 1 << 30,           /* from the median: such a function is a lie */
    SECTION_BYTES_MAX = INT32_MAX, /* offsets are 32 bits wide */
};

static struct pf_bytes at_most(struct pf_bytes bytes)
{
    if (bytes.size > SECTION_BYTES_MAX)
        bytes.size = SECTION_BYTES_MAX;
    return bytes;
}

/*
 * .eh_frame_hdr: version, three encodings, where .eh_frame is, how many functions it has (LSB 5.0,
 * 10.6.2). Where .eh_frame ends is not said: it is read until its terminator or that many.
 */
static void find_by_header(struct pf_fde_list *list, const struct pf_cfi_source *source)
{
    const struct pf_cfi_section header = {
        .bytes = source->eh_frame_hdr,
        .addr = source->eh_frame_hdr_addr,
        .text_addr = source->text_addr,
        .data_addr = source->eh_frame_hdr_addr,
    };
    struct pf_cursor cursor = pf_cursor_view(header.bytes);
    uint8_t version = pf_cursor_u8(&cursor);
    uint8_t frame_encoding = pf_cursor_u8(&cursor);
    uint8_t count_encoding = pf_cursor_u8(&cursor);
    uint64_t frame_addr = 0;
    uint64_t count = 0;

    (void)pf_cursor_u8(&cursor); /* the table's encoding */
    if (cursor.failed || version != HDR_VERSION
        || !pf_cfi_pointer(&cursor, frame_encoding, &header, &frame_addr))
        return;
    if (frame_addr < source->image_addr || frame_addr - source->image_addr >= source->image.size)
        return;
    uint64_t offset = frame_addr - source->image_addr;
    list->sections[0].bytes =
        at_most(pf_bytes_part(source->image, offset, source->image.size - offset));
    list->sections[0].addr = frame_addr;
    list->fdes_wanted[0] = 0;
    if (count_encoding != PF_PE_OMIT && pf_cfi_pointer(&cursor, count_encoding, &header, &count))
        list->fdes_wanted[0] = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX - 1;
}

void pf_fde_list_init(struct pf_fde_list *list, const struct pf_cfi_source *source)
{
    *list = (struct pf_fde_list){.fdes_wanted = {UINT32_MAX, UINT32_MAX}};
    list->sections[0] = (struct pf_cfi_section){
        .bytes = at_most(source->eh_frame),
        .addr = source->eh_frame_addr,
        .text_addr = source->text_addr,
        .data_addr = source->got_addr,
        .is_eh = true,
    };
    list->sections[1] = (struct pf_cfi_section){.bytes = at_most(source->debug_frame)};
    if (source->eh_frame.size == 0 && source->eh_frame_hdr.size > 0)
        find_by_header(list, source);
    for (int i = 0; i < PF_FDE_SECTIONS; i++) {
        list->cfi_bytes += list->sections[i].bytes.size;
        list->max += (uint32_t)(list->sections[i].bytes.size / FDE_BYTES_MIN);
    }
}

/* One FDE into the list. The CIE before is kept in *cie: neighbours share theirs. */
static void add(struct pf_fde_list *list, uint32_t section_number, uint32_t offset,
                const struct pf_entry *entry, struct pf_cie *cie)
{
    const struct pf_cfi_section *section = &list->sections[section_number];
    struct pf_fde fde;

    if (cie->offset != entry->cie_offset && !pf_cie_parse(section, entry->cie_offset, cie)) {
        cie->offset = UINT32_MAX;
        list->skipped++;
        return;
    }
    if (!pf_fde_parse(section, entry, cie, &fde) || fde.end - fde.start > UINT32_MAX) {
        list->skipped++;
        return;
    }
    /* A function the linker dropped keeps its entry in .debug_frame, at address 0. */
    if (fde.start == 0 || list->count == list->max)
        return;
    list->at[list->count++] = (struct pf_fde_ref){fde.start, (uint32_t)(fde.end - fde.start),
                                                  offset, entry->cie_offset, section_number};
}

static void gather_section(struct pf_fde_list *list, uint32_t number)
{
    const struct pf_cfi_section *section = &list->sections[number];
    struct pf_cie cie = {.offset = UINT32_MAX};
    bool is_open = list->fdes_wanted[number] != UINT32_MAX;
    uint32_t seen = 0;

    for (uint32_t offset = 0; offset < section->bytes.size;) {
        struct pf_entry entry = pf_entry_at(section, offset);
        if (entry.kind == PF_ENTRY_END || (is_open && entry.kind == PF_ENTRY_ZERO))
            break;
        if (entry.kind == PF_ENTRY_FDE) {
            add(list, number, offset, &entry, &cie);
            if (++seen == list->fdes_wanted[number])
                break;
        }
        offset = entry.next_offset;
    }
}

static bool is_before(const struct pf_fde_ref *a, const struct pf_fde_ref *b)
{
    return a->start != b->start       ? a->start < b->start
           : a->section != b->section ? a->section < b->section
                                      : a->offset < b->offset;
}

/* Let the item at root sink to its place in the heap of the first count items. */
static void sink(struct pf_fde_ref *at, uint32_t root, uint32_t count)
{
    struct pf_fde_ref item = at[root];
    uint32_t child = 2 * root + 1;

    for (; child < count; root = child, child = 2 * root + 1) {
        if (child + 1 < count && is_before(&at[child], &at[child + 1]))
            child++;
        if (!is_before(&item, &at[child]))
            break;
        at[root] = at[child];
    }
    at[root] = item;
}

static bool is_sorted(const struct pf_fde_list *list)
{
    for (uint32_t i = 1; i < list->count; i++)
        if (is_before(&list->at[i], &list->at[i - 1]))
            return false;
    return true;
}

/* A heap sort: in place, and no input makes it slow. */
static void sort(struct pf_fde_list *list)
{
    for (uint32_t i = list->count / 2; i > 0; i--)
        sink(list->at, i - 1, list->count);
    for (uint32_t left = list->count; left > 1; left--) {
        struct pf_fde_ref first = list->at[0];
        list->at[0] = list->at[left - 1];
        list->at[left - 1] = first;
        sink(list->at, 0, left - 1);
    }
}

/* Rows count their addresses in 32 bits: one false address must not cost the true ones theirs. */
static void drop_far(struct pf_fde_list *list)
{
    uint64_t median = list->count ? list->at[list->count / 2].start : 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        uint64_t start = list->at[i].start;
        uint64_t distance = start < median ? median - start : start - median;
        if (distance < FAR_BYTES)
            list->at[kept++] = list->at[i];
    }
    list->skipped += list->count - kept;
    list->count = kept;
}

void pf_fde_list_gather(struct pf_fde_list *list)
{
    for (uint32_t i = 0; i < PF_FDE_SECTIONS; i++)
        gather_section(list, i);
    if (!is_sorted(list))
        sort(list);
    drop_far(list);
}
