/* SPDX-License-Identifier: MIT */
#include "harness/cli/stack_print.h"

#include <inttypes.h>
#include <string.h>

#include "profiler/base/sink.h"
#include "profiler/base/utf8.h"
#include "profiler/profile/frames.h"
#include "profiler/session/stack.h"

enum { SHOWN_TIDS = 8 };

enum { SHOWN_NAME_BYTES = 512 };

struct style {
    const char *bold, *dim, *plain;
};

/* Names come from the process: what would move the cursor, or is no text, does not pass. */
static const char *clean(char out[SHOWN_NAME_BYTES], const char *name)
{
    pf_utf8_clean(out, SHOWN_NAME_BYTES, name, strlen(name));
    return out;
}

static bool same_place(const struct pf_stacks_thread *a, const struct pf_stacks_thread *b)
{
    return a->process == b->process && a->stack != PF_NONE && a->stack == b->stack
           && a->wait.state == b->wait.state && strcmp(a->wait.text, b->wait.text) == 0
           && strcmp(a->wait.comm, b->wait.comm) == 0;
}

/* Threads of one pool wait at one place: shown by the first of them. */
static bool is_shown_before(const struct pf_stacks *stacks, uint32_t index)
{
    for (uint32_t i = index;
         i > 0 && stacks->threads[i - 1].process == stacks->threads[index].process; i--)
        if (same_place(&stacks->threads[i - 1], &stacks->threads[index]))
            return true;
    return false;
}

static void print_state(const struct pf_stacks_thread *thread, struct pf_sink *sink)
{
    const struct pf_thread_wait *wait = &thread->wait;
    char text[SHOWN_NAME_BYTES];

    pf_sink_printf(sink, "%s", pf_thread_state_name(wait->state));
    if (wait->text[0])
        pf_sink_printf(sink, " in %s", clean(text, wait->text));
    if (wait->channel[0] && wait->syscall >= 0)
        pf_sink_printf(sink, " [%s]", wait->channel);
}

static void print_head(const struct pf_stacks *stacks, uint32_t index, const struct style *style,
                       struct pf_sink *sink)
{
    const struct pf_stacks_thread *thread = &stacks->threads[index];
    char name[SHOWN_NAME_BYTES];
    uint32_t same = 1;

    pf_sink_printf(sink, "\n%sthread %d", style->bold, (int)thread->tid);
    for (uint32_t i = index + 1;
         i < stacks->thread_count && stacks->threads[i].process == thread->process; i++) {
        if (!same_place(thread, &stacks->threads[i]))
            continue;
        if (same < SHOWN_TIDS)
            pf_sink_printf(sink, ", %d", (int)stacks->threads[i].tid);
        else if (same == SHOWN_TIDS)
            pf_sink_put_str(sink, ", ...");
        same++;
    }
    pf_sink_printf(sink, " \"%s\"%s", clean(name, thread->wait.comm), style->plain);
    if (same > 1)
        pf_sink_printf(sink, " (%u threads)", same);
    pf_sink_put_str(sink, " ");
    print_state(thread, sink);
    pf_sink_put_str(sink, "\n");
}

static void print_frame(const struct pf_profile *profile, const struct pf_location *location,
                        uint32_t line_index, const struct style *style, struct pf_sink *sink)
{
    const struct pf_line *line = pf_profile_lines_view(profile, location) + line_index;
    const struct pf_function *function = pf_profile_function_at(profile, line->function);
    const char *file = pf_profile_text(profile, function->file);
    char name[SHOWN_NAME_BYTES];
    bool is_inlined = line_index + 1 < location->line_count;

    pf_sink_printf(sink, "%-40s ", clean(name, pf_profile_text(profile, function->name)));
    if (is_inlined)
        pf_sink_put_str(sink, "(inlined) ");
    pf_sink_put_str(sink, style->dim);
    if (file[0] && line->line)
        pf_sink_printf(sink, "%s:%u", clean(name, file), line->line);
    else if (location->mapping != PF_NONE)
        pf_sink_printf(
            sink, "in %s",
            clean(name, pf_frame_base_name(pf_profile_text(
                            profile, pf_profile_mapping_at(profile, location->mapping)->file))));
    pf_sink_printf(sink, "%s\n", style->plain);
}

static void print_stack(const struct pf_stacks *stacks, const struct pf_stacks_thread *thread,
                        const struct style *style, struct pf_sink *sink)
{
    uint32_t count = 0;
    uint32_t number = 0;

    if (thread->stack == PF_NONE) {
        if (thread->trouble[0])
            pf_sink_printf(sink, "  no stack: %s\n", thread->trouble);
        return;
    }
    const uint32_t *locations = pf_profile_stack_view(&stacks->profile, thread->stack, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct pf_location *location = pf_profile_location_at(&stacks->profile, locations[i]);
        for (uint32_t line = 0; line < location->line_count; line++) {
            pf_sink_printf(sink, "  #%-3u ", number++);
            print_frame(&stacks->profile, location, line, style, sink);
        }
    }
    if (thread->trouble[0])
        pf_sink_printf(sink, "  ...  %s\n", thread->trouble);
    else if (!thread->is_rooted)
        pf_sink_put_str(sink, "  ...  (the rest could not be unwound)\n");
}

void hn_stack_text(const struct pf_stacks *stacks, bool is_terminal, struct pf_sink *sink)
{
    struct style style =
        is_terminal ? (struct style){"\033[1m", "\033[2m", "\033[0m"} : (struct style){"", "", ""};
    uint32_t process = PF_NONE;
    char command[SHOWN_NAME_BYTES];

    for (uint32_t i = 0; i < stacks->thread_count; i++) {
        const struct pf_stacks_thread *thread = &stacks->threads[i];
        const struct pf_stacks_process *of = &stacks->processes[thread->process];

        if (thread->process != process) {
            pf_sink_printf(sink, "%sprocess %d  %s  (%u thread%s)\n",
                           process == PF_NONE ? "" : "\n", (int)of->pid,
                           clean(command, of->command), of->thread_count,
                           of->thread_count == 1 ? "" : "s");
            process = thread->process;
        }
        if (is_shown_before(stacks, i))
            continue;
        print_head(stacks, i, &style, sink);
        print_stack(stacks, thread, &style, sink);
    }
    pf_sink_printf(sink, "\npaused: %.2f ms at most a thread, %.2f ms in sum over %u threads\n",
                   (double)stacks->longest_pause_ns / 1e6, (double)stacks->pause_ns / 1e6,
                   stacks->thread_count);
}
