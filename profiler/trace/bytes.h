/*
 * Bytes that somebody else owns: a view, and a cursor that reads one safely.
 *
 * A cursor never reads past its view. The first read that would sets failed and every read from
 * then on returns zero, so a parser may read a whole record and ask once. Little-endian only: so
 * are all formats we read (ELF and DWARF of x86-64 and aarch64, protobuf, gperftools' slots).
 *
 * Context: pure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_TRACE_BYTES_H
#define PROFILER_TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pf_bytes {
    const void *at;
    size_t size;
};

struct pf_cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

/* The part [offset, offset + size) of whole; empty if any of it lies outside. */
struct pf_bytes pf_bytes_part(struct pf_bytes whole, uint64_t offset, uint64_t size);

struct pf_cursor pf_cursor_view(struct pf_bytes bytes);
size_t pf_cursor_left(const struct pf_cursor *cursor);

uint8_t pf_cursor_u8(struct pf_cursor *cursor);
uint16_t pf_cursor_u16(struct pf_cursor *cursor);
uint32_t pf_cursor_u32(struct pf_cursor *cursor);
uint64_t pf_cursor_u64(struct pf_cursor *cursor);

/* LEB128 as in DWARF 5, 7.6; a value beyond 64 bits fails. pf_cursor_uleb reads protobuf varints
 * too. */
uint64_t pf_cursor_uleb(struct pf_cursor *cursor);
int64_t pf_cursor_sleb(struct pf_cursor *cursor);

/* The string up to its NUL, which must stand inside the view; "" on failure. Points into the view.
 */
const char *pf_cursor_cstr(struct pf_cursor *cursor);

/* The next size bytes as a view of their own; empty on failure. */
struct pf_bytes pf_cursor_bytes(struct pf_cursor *cursor, uint64_t size);

/* One line without its newline (the last may lack one); false at the end. Points into the view. */
bool pf_cursor_line(struct pf_cursor *cursor, struct pf_bytes *line);

#endif
