/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_people.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/attach/mapped_objects.h"

static struct pf_profile profile;
static struct pf_mapped_objects objects;
static struct pf_record_people people;

static void set_up(void)
{
    memset(&objects, 0, sizeof objects);
    pf_profile_init(&profile);
    pf_people_init(&people, &profile, &objects, true);
}

static void tear_down(void)
{
    pf_people_fini(&people);
    pf_mapped_objects_fini(&objects);
    pf_profile_fini(&profile);
}

TestSuite(record_people, .init = set_up, .fini = tear_down);

/* Ids no process has: what is known of them comes from records alone. */
enum { NOBODY = 1 << 29, CHILD = NOBODY + 1, THREAD = NOBODY + 2 };

static void forked(pid_t parent, pid_t pid, pid_t tid)
{
    struct pf_event event = {.kind = PF_EVENT_FORK,
                             .pid = pid,
                             .tid = tid,
                             .task = {.parent_pid = parent, .parent_tid = parent}};

    pf_people_forked(&people, &event);
}

static void named(pid_t pid, pid_t tid, const char *name, bool is_exec)
{
    struct pf_event event = {
        .kind = PF_EVENT_COMM, .pid = pid, .tid = tid, .comm = {.name = name, .is_exec = is_exec}};

    pf_people_named(&people, &event);
}

static void mapped(pid_t pid, uint64_t start)
{
    struct pf_event event = {
        .kind = PF_EVENT_MMAP,
        .pid = pid,
        .tid = pid,
        .mmap = {.start = start, .size = 16, .inode = 1, .prot = PROT_EXEC, .path = "/x"}};

    pf_people_mapped(&people, &event);
}

static void exited(pid_t pid, pid_t tid)
{
    struct pf_event event = {.kind = PF_EVENT_EXIT, .pid = pid, .tid = tid};

    pf_people_exited(&people, &event);
}

Test(record_people, a_forked_child_has_its_parents_name_and_maps)
{
    struct pf_record_process *us = pf_people_process(&people, getpid());

    cr_assert_not_null(us);
    cr_assert_gt(us->space.count, 0u);
    forked(getpid(), CHILD, CHILD);
    struct pf_record_process *child = pf_people_process(&people, CHILD);
    cr_assert_not_null(child);
    cr_expect_str_eq(child->comm, us->comm);
    cr_expect_eq(child->space.count, us->space.count);
}

Test(record_people, exec_forgets_the_maps_and_takes_a_new_name)
{
    forked(getpid(), CHILD, CHILD);
    named(CHILD, CHILD, "worker", true);
    struct pf_record_process *child = pf_people_process(&people, CHILD);

    cr_expect_eq(child->space.count, 0u);
    cr_expect_str_eq(child->comm, "worker");
    mapped(CHILD, 0x1000);
    cr_expect_eq(child->space.count, 1u);
    cr_expect_str_eq(pf_people_thread(&people, CHILD, CHILD)->comm, "worker");
}

Test(record_people, a_thread_renamed_does_not_rename_its_process)
{
    forked(getpid(), CHILD, CHILD);
    forked(CHILD, CHILD, THREAD);
    struct pf_record_thread *thread = pf_people_thread(&people, CHILD, THREAD);
    uint32_t before = pf_people_labels(&people, thread, NULL);

    named(CHILD, THREAD, "io", false);
    cr_expect_neq(pf_people_labels(&people, thread, NULL), before);
    cr_expect_str_neq(pf_people_process(&people, CHILD)->comm, "io");
    cr_expect_str_eq(thread->comm, "io");
}

Test(record_people, an_id_used_again_is_somebody_else)
{
    forked(getpid(), CHILD, CHILD);
    named(CHILD, CHILD, "first", false);
    pf_people_process(&people, CHILD)->samples = 3;
    exited(CHILD, CHILD);
    cr_expect_null(pf_people_process(&people, CHILD));

    forked(getpid(), CHILD, CHILD);
    named(CHILD, CHILD, "second", false);
    pf_people_process(&people, CHILD)->samples = 5;
    static struct pf_summary summary;
    pf_people_summarise(&people, &summary);
    cr_assert_eq(summary.process_count, 2u);
    cr_expect_str_eq(summary.processes[0].command, "second");
    cr_expect_eq(summary.processes[0].samples, 5u);
    cr_expect_str_eq(summary.processes[1].command, "first");
}

Test(record_people, an_end_that_was_lost_is_made_up_for_by_the_next_fork)
{
    forked(getpid(), CHILD, CHILD);
    mapped(CHILD, 0x1000);
    pf_people_process(&people, CHILD)->samples = 2;
    forked(getpid(), CHILD, CHILD);

    cr_expect_eq(pf_people_process(&people, CHILD)->samples, 0u);
    cr_expect_eq(people.live_processes, 2u);
}

Test(record_people, thousands_that_end_take_no_more_room)
{
    for (pid_t i = 0; i < 5000; i++) {
        forked(getpid(), CHILD + i, CHILD + i);
        pf_people_process(&people, CHILD + i)->samples = 1;
        exited(CHILD + i, CHILD + i);
    }
    static struct pf_summary summary;
    uint64_t all = 0;

    cr_expect_leq(people.process_count, 2u);
    cr_expect_leq(people.thread_count, 2u);
    pf_people_summarise(&people, &summary);
    for (uint32_t i = 0; i < summary.process_count; i++)
        all += summary.processes[i].samples;
    cr_expect_eq(all, 5000u);
}

Test(record_people, labels_say_pid_process_thread_and_tid)
{
    uint32_t count = 0;

    forked(getpid(), CHILD, CHILD);
    named(CHILD, CHILD, "srv", false);
    struct pf_record_thread *thread = pf_people_thread(&people, CHILD, CHILD);
    const struct pf_label *labels =
        pf_profile_labels_view(&profile, pf_people_labels(&people, thread, "futex"), &count);

    cr_assert_eq(count, 5u);
    cr_expect_str_eq(pf_profile_text(&profile, labels[0].key), "pid");
    cr_expect_eq(labels[0].num, CHILD);
    cr_expect_str_eq(pf_profile_text(&profile, labels[1].str), "srv");
    cr_expect_str_eq(pf_profile_text(&profile, labels[4].str), "futex");
}

Test(record_people, nobody_is_nobody)
{
    cr_expect_null(pf_people_process(&people, NOBODY));
    cr_expect_null(pf_people_thread(&people, NOBODY, NOBODY));
}

Test(record_people, kernels_share_is_of_the_ticks_since_the_beginning)
{
    forked(NOBODY, CHILD, CHILD);
    struct pf_record_process *child = people.processes[0];
    child->split_last = (struct pf_record_split){.user = 100, .system = 100};
    pf_people_begin(&people);

    child->split_last = (struct pf_record_split){.user = 102, .system = 101};
    cr_expect_lt(pf_people_system_share(&people), 0, "three ticks say nothing");
    child->split_last = (struct pf_record_split){.user = 130, .system = 110};
    cr_expect_float_eq(pf_people_system_share(&people), 0.25, 1e-9);
    exited(CHILD, CHILD); /* nobody here has waited for it */
    cr_expect_float_eq(pf_people_system_share(&people), 0.25, 1e-9);
}

Test(record_people, child_is_in_the_ticks_of_the_parent_that_waits_for_it)
{
    forked(NOBODY, CHILD, CHILD);
    forked(CHILD, THREAD, THREAD);
    people.processes[0]->split_last = (struct pf_record_split){.user = 10, .system = 10};
    people.processes[1]->split_last = (struct pf_record_split){.user = 100, .system = 0};

    exited(THREAD, THREAD);

    cr_expect_float_eq(pf_people_system_share(&people), 0.5, 1e-9);
}
