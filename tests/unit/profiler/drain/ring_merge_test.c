/* SPDX-License-Identifier: MIT */
#include "profiler/drain/ring_merge.h"

#include <criterion/criterion.h>
#include <linux/perf_event.h>
#include <string.h>

enum { RING_BYTES = 256 };

/* A ring as the kernel fills it: positions only grow, bytes wrap. */
struct fake {
    _Alignas(8) uint8_t bytes[RING_BYTES];
    uint64_t tail, head;
};

static void put_byte(struct fake *ring, uint8_t byte)
{
    ring->bytes[ring->head++ % RING_BYTES] = byte;
}

static void put_u64(struct fake *ring, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++)
        put_byte(ring, (uint8_t)(word >> 8 * i));
}

/* An EXIT record's outline: what matters here is its length, time and one word to know it by. */
static void put_record(struct fake *ring, uint64_t time_ns, uint64_t mark)
{
    put_u64(ring, PERF_RECORD_EXIT | (uint64_t)40 << 48);
    put_u64(ring, mark);
    put_u64(ring, time_ns);
    put_u64(ring, 0);
    put_u64(ring, 0);
}

static struct pf_ring_view view(const struct fake *ring)
{
    return (struct pf_ring_view){
        .at = ring->bytes, .size = RING_BYTES, .tail = ring->tail, .head = ring->head};
}

static uint64_t mark_of(struct pf_bytes record)
{
    uint64_t mark;

    memcpy(&mark, (const uint8_t *)record.at + 8, sizeof mark);
    return mark;
}

static struct pf_ring_merge merge;

Test(ring_merge, records_of_two_rings_come_in_the_order_of_time)
{
    static struct fake rings[2];
    struct pf_bytes record;

    put_record(&rings[0], 10, 1);
    put_record(&rings[0], 40, 4);
    put_record(&rings[1], 20, 2);
    put_record(&rings[1], 30, 3);
    struct pf_ring_view views[2] = {view(&rings[0]), view(&rings[1])};
    pf_ring_merge_begin(&merge, views, 2);

    for (uint64_t mark = 1; mark <= 4; mark++) {
        cr_assert(pf_ring_merge_next(&merge, UINT64_MAX, &record));
        cr_expect_eq(mark_of(record), mark);
    }
    cr_expect_not(pf_ring_merge_next(&merge, UINT64_MAX, &record));
    cr_expect_eq(views[0].tail, rings[0].head);
    cr_expect_eq(views[1].tail, rings[1].head);
}

Test(ring_merge, what_is_younger_than_the_horizon_stays)
{
    static struct fake ring;
    struct pf_bytes record;

    put_record(&ring, 10, 1);
    put_record(&ring, 20, 2);
    struct pf_ring_view views[1] = {view(&ring)};
    pf_ring_merge_begin(&merge, views, 1);

    cr_assert(pf_ring_merge_next(&merge, 15, &record));
    cr_expect_not(pf_ring_merge_next(&merge, 15, &record));
    cr_expect_eq(views[0].tail, 40u);
}

Test(ring_merge, records_are_joined_across_the_end_of_the_ring_at_every_offset)
{
    for (uint64_t start = 0; start < RING_BYTES; start += 8) {
        struct fake ring = {.tail = start, .head = start};
        struct pf_bytes record;

        for (uint64_t i = 0; i < 6; i++)
            put_record(&ring, i, 100 + i);
        struct pf_ring_view views[1] = {view(&ring)};
        pf_ring_merge_begin(&merge, views, 1);

        for (uint64_t i = 0; i < 6; i++) {
            cr_assert(pf_ring_merge_next(&merge, UINT64_MAX, &record));
            cr_assert_eq(record.size, 40u);
            cr_assert_eq(mark_of(record), 100 + i, "start %d", (int)start);
        }
    }
}

Test(ring_merge, empty_rings_have_no_records)
{
    static struct fake ring;
    struct pf_bytes record;
    struct pf_ring_view views[1] = {view(&ring)};

    pf_ring_merge_begin(&merge, views, 1);
    cr_expect_not(pf_ring_merge_next(&merge, UINT64_MAX, &record));
    pf_ring_merge_begin(&merge, views, 0);
    cr_expect_not(pf_ring_merge_next(&merge, UINT64_MAX, &record));
}

Test(ring_merge, senseless_lengths_give_the_rest_up_and_say_how_much)
{
    static const uint16_t lengths[] = {0, 4, 12, 48, 0xffff};
    struct pf_bytes record;

    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct fake ring = {0};
        put_record(&ring, 1, 1);
        memcpy(ring.bytes + 6, &lengths[i], sizeof lengths[i]);
        struct pf_ring_view views[1] = {view(&ring)};
        pf_ring_merge_begin(&merge, views, 1);

        cr_expect_not(pf_ring_merge_next(&merge, UINT64_MAX, &record));
        cr_expect_eq(views[0].broken_bytes, 40u);
        cr_expect_eq(views[0].tail, ring.head);
    }
}

Test(ring_merge, a_ring_truncated_anywhere_is_never_read_past_its_head)
{
    for (uint64_t cut = 0; cut < 80; cut++) {
        struct fake ring = {0};
        struct pf_bytes record;
        uint64_t whole = 0;

        put_record(&ring, 1, 1);
        put_record(&ring, 2, 2);
        ring.head = cut;
        struct pf_ring_view views[1] = {view(&ring)};
        pf_ring_merge_begin(&merge, views, 1);
        while (pf_ring_merge_next(&merge, UINT64_MAX, &record))
            whole++;

        cr_expect_eq(whole, cut / 40);
        cr_expect_eq(views[0].broken_bytes, cut % 40);
    }
}

Test(ring_merge, a_head_that_lapped_the_tail_is_broken)
{
    struct fake ring = {.head = RING_BYTES * 3};
    struct pf_ring_view views[1] = {view(&ring)};
    struct pf_bytes record;

    pf_ring_merge_begin(&merge, views, 1);
    cr_expect_not(pf_ring_merge_next(&merge, UINT64_MAX, &record));
    cr_expect_eq(views[0].tail, ring.head);
}
