/* SPDX-License-Identifier: MIT */
#include "sample_db.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct db {
    char *path;
    char *page;
    int fd;
};

struct db *db_open(const char *path)
{
    struct db *db = malloc(sizeof *db);
    if (!db)
        return NULL;
    *db = (struct db){.fd = -1};
    db->path = malloc(strlen(path) + 1);
    if (db->path)
        strcpy(db->path, path);
    db->page = db->path ? malloc(4096) : NULL;
    if (db->page)
        db->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (db->fd >= 0)
        return db;
    db_close(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    if (db->fd >= 0)
        close(db->fd);
    free(db->page);
    free(db->path);
    free(db);
}

int db_put(struct db *db, const char *key, const char *value)
{
    int size = snprintf(db->page, 4096, "%s=%s\n", key, value);

    if (size < 0 || size >= 4096 || write(db->fd, db->page, (size_t)size) != size)
        return -1;
    return fsync(db->fd);
}

void db_die(const char *why, int code)
{
    fprintf(stderr, "db: %s\n", why);
    exit(code);
}
