/*
 * Does a JSON text follow one of docs/schemas? The part of JSON Schema those use: type, const,
 * enum, required, properties, additionalProperties, items, minItems, minLength, pattern, minimum,
 * anyOf, $ref to #/$defs. A keyword it does not know is an error of the schema, never ignored.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SUPPORT_JSON_SCHEMA_H
#define TESTS_SUPPORT_JSON_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/* schema is a file's name in docs/schemas. False: why (of size bytes) says where and what. */
bool ts_json_follows(const char *json, const char *schema, char *why, size_t size);

#endif
