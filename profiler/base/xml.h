/*
 * Text into XML 1.0 and HTML: escaped, valid UTF-8, without the characters the format forbids.
 *
 * Extensible Markup Language 1.0, 2.2: only tab, newline, carriage return and U+0020 upwards are
 * characters; others, and bytes that are no UTF-8, become U+FFFD, so that a name or a test's output
 * may hold what it likes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PROFILER_BASE_XML_H
#define PROFILER_BASE_XML_H

struct pf_sink;

/* For element content and, quotes escaped too, for attribute values. NULL is nothing. */
void pf_xml_text(struct pf_sink *sink, const char *text);

/* ' name="value"'; newlines and tabs of value survive the reader's normalisation. NULL is "". */
void pf_xml_attribute(struct pf_sink *sink, const char *name, const char *value);

#endif
