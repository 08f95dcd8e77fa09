/* SPDX-License-Identifier: MIT */
#include "harness/runner/stacks.h"

#include <string.h>

#include "profiler/base/buf.h"
#include "profiler/profile/frames.h"
#include "profiler/session/stack.h"

enum {
    TEXT_MAX = 256 * 1024,
    THREADS_SHOWN = 64,
    FRAMES_SHOWN = 64,
    FRAMES_MAX = 2048,
    WAIT_MS = 1000
};

struct writer {
    struct pf_buf text;
    const struct pf_stacks *stacks;
};

struct frame {
    const char *function, *object, *file;
    uint32_t line;
};

static void put_frame(struct writer *writer, unsigned number, const struct frame *frame)
{
    pf_buf_printf(&writer->text, "  #%-2u %s", number, frame->function);
    if (*frame->file)
        pf_buf_printf(&writer->text, "  %s:%u\n", frame->file, frame->line);
    else
        pf_buf_printf(&writer->text, "  (%s)\n", frame->object);
}

/* One location is several frames where functions were inlined. */
static uint32_t read_location(const struct pf_profile *profile, uint32_t id, struct frame *out,
                              uint32_t room)
{
    const struct pf_location *location = pf_profile_location_at(profile, id);
    const struct pf_line *lines = pf_profile_lines_view(profile, location);
    const char *object = "";
    uint32_t count = 0;

    if (location->mapping != PF_NONE)
        object = pf_frame_base_name(
            pf_profile_text(profile, pf_profile_mapping_at(profile, location->mapping)->file));
    for (; count < location->line_count && count < room; count++) {
        const struct pf_function *function = pf_profile_function_at(profile, lines[count].function);
        out[count] = (struct frame){pf_profile_text(profile, function->name), object,
                                    pf_profile_text(profile, function->file), lines[count].line};
    }
    return count;
}

static bool is_ours(const struct frame *frame)
{
    return strcmp(frame->object, "libassay-runner.so") == 0;
}

/* Where the test's own frames begin: after the handlers that stopped the process, and after the
 * trampoline the kernel returns through; a thread out of stack called them itself. */
static uint32_t first_frame(const struct frame *frames, uint32_t count)
{
    uint32_t i = 0;

    while (i < count && !is_ours(&frames[i]))
        i++;
    if (i == count || strcmp(frames[i].function, "park") != 0)
        return 0;
    while (i < count && is_ours(&frames[i]))
        i++;
    return strcmp(frames[i - 1].function, "hn_overflow_entry") == 0 ? i : i + 1;
}

static void put_stack(struct writer *writer, uint32_t stack)
{
    static struct frame frames[FRAMES_MAX];
    uint32_t location_count, count = 0;
    const uint32_t *ids = pf_profile_stack_view(&writer->stacks->profile, stack, &location_count);

    for (uint32_t i = 0; i < location_count && count < FRAMES_MAX; i++)
        count +=
            read_location(&writer->stacks->profile, ids[i], frames + count, FRAMES_MAX - count);
    uint32_t first = first_frame(frames, count);
    for (uint32_t i = first; i < count && !is_ours(&frames[i]); i++) {
        if (i - first == FRAMES_SHOWN) {
            pf_buf_printf(&writer->text, "  ... %u more frames\n", count - i);
            return;
        }
        put_frame(writer, i - first, &frames[i]);
    }
}

static void put_thread(struct writer *writer, const struct pf_stacks_thread *thread, pid_t marked)
{
    pf_buf_printf(&writer->text, "thread %d (%s)", (int)thread->tid, thread->wait.comm);
    if (thread->tid == marked)
        pf_buf_put_str(&writer->text, ", which crashed:\n");
    else
        pf_buf_printf(&writer->text, ", %s:\n", *thread->wait.text ? thread->wait.text : "running");
    if (thread->stack == PF_NONE)
        pf_buf_printf(&writer->text, "  %s\n", thread->trouble);
    else
        put_stack(writer, thread->stack);
}

/* The marked thread first. */
static void put_threads(struct writer *writer, pid_t marked)
{
    const struct pf_stacks *stacks = writer->stacks;
    uint32_t shown = 0;

    for (int pass = marked ? 0 : 1; pass < 2; pass++)
        for (uint32_t i = 0; i < stacks->thread_count && shown < THREADS_SHOWN; i++)
            if ((stacks->threads[i].tid == marked) == (pass == 0)) {
                put_thread(writer, &stacks->threads[i], marked);
                shown++;
            }
    if (shown < stacks->thread_count)
        pf_buf_printf(&writer->text, "... %u more threads\n", stacks->thread_count - shown);
}

const char *hn_stacks_text(pid_t pid, pid_t tid, struct pf_arena *arena)
{
    struct pf_stacks stacks = {0};
    struct pf_stacks_options options = {
        .pids = &pid, .pid_count = 1, .with_children = tid == 0, .wait_ms = WAIT_MS};
    struct writer writer = {.text.max = TEXT_MAX, .stacks = &stacks};
    struct pf_err err = {0};

    if (pf_stacks_take(&stacks, &options, &err))
        put_threads(&writer, tid);
    else
        pf_buf_printf(&writer.text, "no stacks: %s\n", err.text);
    const char *text = pf_arena_text(arena, pf_buf_cstr(&writer.text), writer.text.size);
    pf_buf_fini(&writer.text);
    pf_stacks_fini(&stacks);
    return text;
}
