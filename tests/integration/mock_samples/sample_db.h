/*
 * Code under test for the mock tests: a store that allocates three times when it opens.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MOCK_SAMPLES_SAMPLE_DB_H
#define MOCK_SAMPLES_SAMPLE_DB_H

struct db;

struct db *db_open(const char *path);
void db_close(struct db *db);
int db_put(struct db *db, const char *key, const char *value);
_Noreturn void db_die(const char *why, int code);

#endif
