/* SPDX-License-Identifier: MIT */
#include "profiler/trace/ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

static struct pf_ring ring;

static struct pf_ring_event event(uint32_t stack)
{
    return (struct pf_ring_event){.stack = stack, .weight = 1};
}

Test(ring, events_come_out_in_order)
{
    struct pf_ring_event out[8];

    for (uint32_t i = 0; i < 5; i++) {
        struct pf_ring_event in = event(i);
        cr_assert(pf_ring_push(&ring, &in));
    }
    cr_assert_eq(pf_ring_pop(&ring, out, 2), 2);
    cr_assert_eq(pf_ring_pop(&ring, out + 2, 6), 3);
    for (uint32_t i = 0; i < 5; i++)
        cr_assert_eq(out[i].stack, i);
    cr_assert_eq(pf_ring_pop(&ring, out, 8), 0);
}

Test(ring, full_ring_drops_and_counts)
{
    struct pf_ring_event in = event(1), out[4];

    for (uint32_t i = 0; i < PF_RING_EVENTS; i++)
        cr_assert(pf_ring_push(&ring, &in));
    cr_assert_not(pf_ring_push(&ring, &in));
    cr_assert_eq(atomic_load(&ring.dropped), 1);
    in.weight = 5;
    cr_assert_not(pf_ring_push(&ring, &in));
    cr_assert_eq(atomic_load(&ring.dropped), 6, "what it stood for is lost, not one");

    cr_assert_eq(pf_ring_pop(&ring, out, 4), 4);
    cr_assert(pf_ring_push(&ring, &in));
}

Test(ring, positions_run_past_their_largest_number)
{
    struct pf_ring_event out[4];

    atomic_store(&ring.written, UINT32_MAX - 1);
    atomic_store(&ring.read, UINT32_MAX - 1);
    for (uint32_t i = 0; i < 4; i++) {
        struct pf_ring_event in = event(i);
        cr_assert(pf_ring_push(&ring, &in));
    }
    cr_assert_eq(pf_ring_pop(&ring, out, 4), 4);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_eq(out[i].stack, i);
}

Test(ring, scribbled_positions_cost_the_reader_nothing)
{
    struct pf_ring_event in = event(7), out[4];

    atomic_store(&ring.written, 0x80000000u);
    cr_assert_eq(pf_ring_pop(&ring, out, 4), 0);
    cr_assert(pf_ring_push(&ring, &in));
    cr_assert_eq(pf_ring_pop(&ring, out, 4), 1);
    cr_assert_eq(out[0].stack, 7);
}

enum { MANY = 200000 };

static void *write_many(void *unused)
{
    for (uint32_t i = 0; i < MANY; i++) {
        struct pf_ring_event in = event(i);
        while (!pf_ring_push(&ring, &in))
            (void)sched_yield();
    }
    return unused;
}

Test(ring, reader_sees_every_event_of_a_running_writer_once)
{
    struct pf_ring_event out[64];
    pthread_t writer;
    uint32_t next = 0;

    cr_assert_eq(pthread_create(&writer, NULL, write_many, NULL), 0);
    while (next < MANY) {
        uint32_t count = pf_ring_pop(&ring, out, 64);
        for (uint32_t i = 0; i < count; i++)
            cr_assert_eq(out[i].stack, next++);
        if (count == 0)
            (void)sched_yield();
    }
    (void)pthread_join(writer, NULL);
}
