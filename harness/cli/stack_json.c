/*
 * Stacks as JSON: one object, threads in a list, frames innermost first.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "harness/cli/stack_print.h"
#include "profiler/base/sink.h"
#include "profiler/session/stack.h"

/* A JSON string (RFC 8259, 7). Bytes that are not UTF-8 come from names in files: replaced. */
static void put_string(struct pf_sink *sink, const char *text)
{
    pf_sink_put_str(sink, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            pf_sink_printf(sink, "\\%c", c);
        else if (c < ' ')
            pf_sink_printf(sink, "\\u%04x", c);
        else
            pf_sink_put(sink, text, 1);
    }
    pf_sink_put_str(sink, "\"");
}

static void put_member(struct pf_sink *sink, const char *name, const char *value)
{
    pf_sink_printf(sink, ",\"%s\":", name);
    put_string(sink, value);
}

static void put_frame(const struct pf_profile *profile, const struct pf_location *location,
                      uint32_t index, struct pf_sink *sink)
{
    const struct pf_line *line = pf_profile_lines_view(profile, location) + index;
    const struct pf_function *function = pf_profile_function_at(profile, line->function);
    const char *object =
        location->mapping == PF_NONE
            ? ""
            : pf_profile_text(profile, pf_profile_mapping_at(profile, location->mapping)->file);

    pf_sink_put_str(sink, "{\"function\":");
    put_string(sink, pf_profile_text(profile, function->name));
    put_member(sink, "object", object);
    put_member(sink, "file", pf_profile_text(profile, function->file));
    pf_sink_printf(sink, ",\"line\":%u,\"address\":\"0x%" PRIx64 "\",\"inlined\":%s}", line->line,
                   location->address, index + 1 < location->line_count ? "true" : "false");
}

static void put_stack(const struct pf_stacks *stacks, uint32_t stack, struct pf_sink *sink)
{
    uint32_t count = 0;
    const uint32_t *locations =
        stack == PF_NONE ? NULL : pf_profile_stack_view(&stacks->profile, stack, &count);
    const char *comma = "";

    for (uint32_t i = 0; i < count; i++) {
        const struct pf_location *location = pf_profile_location_at(&stacks->profile, locations[i]);
        for (uint32_t line = 0; line < location->line_count; line++) {
            pf_sink_put_str(sink, comma);
            put_frame(&stacks->profile, location, line, sink);
            comma = ",";
        }
    }
}

static void put_wait(const struct pf_thread_wait *wait, struct pf_sink *sink)
{
    pf_sink_printf(sink, ",\"state\":\"%c\"", wait->state);
    put_member(sink, "waits_for", wait->text);
    put_member(sink, "kernel_function", wait->channel);
    pf_sink_printf(sink, ",\"syscall\":%ld,\"fd\":%d,\"held_by\":%d", wait->syscall, wait->fd,
                   (int)wait->held_by);
}

static void put_thread(const struct pf_stacks *stacks, const struct pf_stacks_thread *thread,
                       struct pf_sink *sink)
{
    pf_sink_printf(sink, "{\"pid\":%d,\"tid\":%d", (int)stacks->processes[thread->process].pid,
                   (int)thread->tid);
    put_member(sink, "name", thread->wait.comm);
    put_wait(&thread->wait, sink);
    pf_sink_printf(sink, ",\"pause_ms\":%.3f,\"rooted\":%s", (double)thread->pause_ns / 1e6,
                   thread->is_rooted ? "true" : "false");
    put_member(sink, "trouble", thread->trouble);
    pf_sink_put_str(sink, ",\"stack\":[");
    put_stack(stacks, thread->stack, sink);
    pf_sink_put_str(sink, "]}");
}

void hn_stack_json(const struct pf_stacks *stacks, struct pf_sink *sink)
{
    pf_sink_printf(sink, "{\"assay\":1,\"pause_ms\":%.3f,\"longest_pause_ms\":%.3f,\"processes\":[",
                   (double)stacks->pause_ns / 1e6, (double)stacks->longest_pause_ns / 1e6);
    for (uint32_t i = 0; i < stacks->process_count; i++) {
        pf_sink_printf(sink, "%s{\"pid\":%d", i ? "," : "", (int)stacks->processes[i].pid);
        put_member(sink, "command", stacks->processes[i].command);
        pf_sink_put_str(sink, "}");
    }
    pf_sink_put_str(sink, "],\"threads\":[");
    for (uint32_t i = 0; i < stacks->thread_count; i++) {
        pf_sink_put_str(sink, i ? ",\n" : "\n");
        put_thread(stacks, &stacks->threads[i], sink);
    }
    pf_sink_put_str(sink, "\n]}\n");
}
