/*
 * A flamegraph's nodes and frames as compact JSON.
 *
 * Names are JSON strings; numbers are written six bits a character, least first, a character with
 * 32 added when more follow, in base64's alphabet: three characters hold most. A node is four
 * numbers, in preorder: its frame (plus one; 0: "what is too small to be kept"), how many levels up
 * from the node before it its parent's is, its self value, and in a comparison the other's self
 * value. Totals are the sums of what is below: the program adds them up.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "profiler/base/arena.h"
#include "profiler/base/sink.h"
#include "profiler/profile/paths.h"
#include "profiler/profile/profile.h"
#include "profiler/report/flame_priv.h"

enum { DATA_VERSION = 1 };

static void put_number(struct pf_sink *sink, uint64_t value)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[16];
    size_t size = 0;

    do {
        unsigned more = value > 31 ? 32 : 0;
        text[size++] = alphabet[(value & 31) | more];
        value >>= 5;
    } while (value);
    pf_sink_put(sink, text, size);
}

/* Strings and frames that the tree uses, numbered in order of first use. */
struct numbering {
    const struct pf_flame *flame;
    uint32_t *frame_number; /* plus one; 0: unused */
    uint32_t *used;         /* frames */
    uint32_t used_count;
};

static void number_frames(struct numbering *n)
{
    const struct pf_flame_tree *tree = n->flame->tree;

    n->frame_number = pf_mem_new(n->flame->paths->frames.count, sizeof *n->frame_number);
    n->used = pf_mem_new(n->flame->paths->frames.count, sizeof *n->used);
    for (uint32_t i = pf_flame_next(tree, 0); i != PF_NONE; i = pf_flame_next(tree, i)) {
        uint32_t frame = tree->at[i].frame;
        if (n->frame_number[frame])
            continue;
        n->used[n->used_count++] = frame;
        n->frame_number[frame] = n->used_count;
    }
}

/* A list of distinct strings while it is written; few: objects and source files. */
struct string_list {
    struct pf_hash index;
    const char **at;
    uint32_t count, capacity;
};

static bool same_text(const void *owner, uint32_t id, const void *sought)
{
    return strcmp(((const struct string_list *)owner)->at[id], sought) == 0;
}

static uint32_t enter_text(struct string_list *list, const char *text)
{
    uint64_t hash = pf_hash_bytes(text, strlen(text));
    uint32_t id = pf_hash_find(&list->index, hash, same_text, list, text);

    if (id != PF_HASH_NONE)
        return id;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->at = pf_mem_resize(list->at, list->capacity, sizeof *list->at);
    }
    list->at[list->count] = text;
    pf_hash_add(&list->index, hash, list->count);
    return list->count++;
}

static void put_strings(struct pf_sink *sink, const struct string_list *list)
{
    pf_sink_put(sink, "[", 1);
    for (uint32_t i = 0; i < list->count; i++) {
        if (i)
            pf_sink_put(sink, ",", 1);
        pf_json_string(sink, list->at[i]);
    }
    pf_sink_put(sink, "]", 1);
}

static void put_names(const struct numbering *n, struct pf_sink *sink)
{
    pf_sink_put_str(sink, ",\n\"names\":[");
    for (uint32_t i = 0; i < n->used_count; i++) {
        if (i)
            pf_sink_put(sink, ",", 1);
        pf_json_string(sink, n->flame->paths->frames.at[n->used[i]].name);
    }
    pf_sink_put(sink, "]", 1);
}

/* Per frame: object, file, line, kind * 16 + shade * 2 + inlined. */
static void put_frames(const struct numbering *n, struct pf_sink *sink)
{
    struct string_list strings = {0};

    (void)enter_text(&strings, "");
    pf_sink_put_str(sink, ",\n\"frames\":\"");
    for (uint32_t i = 0; i < n->used_count; i++) {
        const struct pf_frame *frame = &n->flame->paths->frames.at[n->used[i]];
        char class[8];
        pf_flame_class(class, frame);
        put_number(sink, enter_text(&strings, frame->object));
        put_number(sink, enter_text(&strings, frame->file));
        put_number(sink, frame->line);
        put_number(sink,
                   (unsigned)frame->kind * 16 + (unsigned)(class[2] - '0') * 2 + frame->is_inlined);
    }
    pf_sink_put_str(sink, "\",\n\"strings\":");
    put_strings(sink, &strings);
    free(strings.at);
    pf_hash_fini(&strings.index);
}

static void put_self(const struct pf_flame *flame, struct pf_sink *sink, int64_t self,
                     int64_t base_self)
{
    put_number(sink, (uint64_t)self);
    if (flame->is_diff)
        put_number(sink, (uint64_t)base_self);
}

static void put_nodes(const struct numbering *n, struct pf_sink *sink)
{
    const struct pf_flame *flame = n->flame;
    const struct pf_flame_tree *tree = flame->tree;
    uint32_t depth = 0; /* of the node written last */

    pf_sink_put_str(sink, ",\n\"nodes\":\"");
    put_number(sink, 0);
    put_number(sink, 0);
    put_self(flame, sink, tree->at[0].self, tree->at[0].base_self);
    for (uint32_t i = 0; i != PF_NONE; i = pf_flame_next(tree, i)) {
        const struct pf_flame_node *node = &tree->at[i];
        if (i > 0) {
            put_number(sink, n->frame_number[node->frame]);
            put_number(sink, depth + 1 - node->depth);
            put_self(flame, sink, node->self, node->base_self);
            depth = node->depth;
        }
        if (node->cut > 0 || node->base_cut > 0) {
            put_number(sink, 0);
            put_number(sink, depth - node->depth);
            put_self(flame, sink, node->cut, node->base_cut);
            depth = node->depth + 1;
        }
    }
    pf_sink_put_str(sink, "\"");
}

static void put_text(struct pf_sink *sink, const char *key, const char *text)
{
    pf_sink_printf(sink, ",\n\"%s\":", key);
    pf_json_string(sink, text);
}

void pf_flame_data(const struct pf_flame *flame, struct pf_sink *sink)
{
    struct numbering n = {.flame = flame};

    number_frames(&n);
    pf_sink_printf(sink, "{\"version\":%d,\"diff\":%s", DATA_VERSION,
                   flame->is_diff ? "true" : "false");
    put_text(sink, "title", flame->title);
    put_text(sink, "subtitle", flame->subtitle);
    put_text(sink, "type", flame->type);
    put_text(sink, "unit", flame->unit);
    pf_sink_put_str(sink, ",\n\"warnings\":[");
    for (unsigned i = 0; i < flame->warning_count; i++) {
        if (i)
            pf_sink_put(sink, ",", 1);
        pf_json_string(sink, flame->warnings[i]);
    }
    pf_sink_put(sink, "]", 1);
    put_names(&n, sink);
    put_frames(&n, sink);
    put_nodes(&n, sink);
    pf_sink_put_str(sink, "}");
    free(n.frame_number);
    free(n.used);
}
