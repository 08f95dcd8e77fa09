/*
 * Text into XML 1.0: escaped, valid UTF-8, without the characters the format forbids.
 *
 * Extensible Markup Language 1.0, 2.2: only tab, newline, carriage return and U+0020 upwards are
 * characters; others become U+FFFD, so that a test may print what it likes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HARNESS_RUNNER_XML_TEXT_H
#define HARNESS_RUNNER_XML_TEXT_H

struct pf_sink;

/* For element content and, quotes escaped too, for attribute values. NULL is nothing. */
void hn_xml_text(struct pf_sink *sink, const char *text);

/* ' name="value"' */
void hn_xml_attribute(struct pf_sink *sink, const char *name, const char *value);

#endif
