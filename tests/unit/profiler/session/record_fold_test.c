/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_fold.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

/* Two processes that map one object at different places, and code of their own at one place. */
struct rig {
    struct pf_profile profile;
    struct pf_mapped_objects objects;
    struct pf_space one, two;
};

static struct rig rig;
static struct pf_fold fold;

static void map(struct pf_space *space, uint64_t start, uint64_t offset, const char *path)
{
    struct pf_event_mmap mmap = {.start = start,
                                 .size = 0x1000,
                                 .file_offset = offset,
                                 .inode = path[1] == '/' ? 0 : 5,
                                 .prot = PROT_EXEC,
                                 .path = path};

    pf_space_mmap(space, &mmap, &rig.objects);
}

static void set_up(void)
{
    memset(&rig, 0, sizeof rig);
    pf_profile_init(&rig.profile);
    rig.one.pid = 1;
    rig.two.pid = 2;
    map(&rig.one, 0x10000, 0x2000, "/lib/x.so");
    map(&rig.two, 0x50000, 0x2000, "/lib/x.so");
    map(&rig.one, 0x90000, 0, "//anon");
    map(&rig.two, 0x90000, 0, "//anon");
    pf_fold_init(&fold, &rig.profile, &rig.objects);
}

static void tear_down(void)
{
    pf_fold_fini(&fold);
    pf_space_fini(&rig.one);
    pf_space_fini(&rig.two);
    pf_mapped_objects_fini(&rig.objects);
    pf_profile_fini(&rig.profile);
}

TestSuite(record_fold, .init = set_up, .fini = tear_down);

static uint32_t stack_of(const struct pf_space *space, uint64_t *pcs, uint32_t count,
                         uint64_t signals)
{
    struct pf_trail trail = {.pcs = pcs, .count = count, .signals = signals};
    struct pf_fold_frames frames = {.leaf = PF_NONE, .trail = &trail, .space = space};

    return pf_fold_stack(&fold, &frames);
}

static const struct pf_location *frame_at(uint32_t stack, uint32_t index)
{
    uint32_t count = 0;
    const uint32_t *frames = pf_profile_stack_view(&rig.profile, stack, &count);

    cr_assert_lt(index, count);
    return pf_profile_location_at(&rig.profile, frames[index]);
}

Test(record_fold, callers_stand_at_their_call_and_interrupted_frames_at_their_pc)
{
    uint64_t pcs[] = {0x10100, 0x10200, 0x10300, 0x10400, 0x10500};
    uint32_t stack = stack_of(&rig.one, pcs, 5, 1 << 3);

    cr_expect_eq(frame_at(stack, 0)->address, 0x10100u);
    cr_expect_eq(frame_at(stack, 1)->address, 0x101ffu);
    cr_expect_eq(frame_at(stack, 2)->address, 0x10300u); /* the handler returns to it */
    cr_expect_eq(frame_at(stack, 3)->address, 0x10400u);
    cr_expect_eq(frame_at(stack, 4)->address, 0x104ffu);
}

Test(record_fold, one_object_mapped_twice_is_one_mapping)
{
    uint64_t here[] = {0x10100, 0x10200};
    uint64_t there[] = {0x50100, 0x50200};

    cr_expect_eq(stack_of(&rig.one, here, 2, 0), stack_of(&rig.two, there, 2, 0));
    cr_expect_eq(rig.profile.mappings.count, 1u);
    const struct pf_mapping *mapping = pf_profile_mapping_at(&rig.profile, 0);
    cr_expect_str_eq(pf_profile_text(&rig.profile, mapping->file), "/lib/x.so");
    cr_expect_eq(mapping->file_offset, 0x2000u);
}

Test(record_fold, code_of_ones_own_is_not_shared)
{
    uint64_t pcs[] = {0x90100};

    (void)stack_of(&rig.one, pcs, 1, 0);
    (void)stack_of(&rig.two, pcs, 1, 0);
    cr_expect_eq(fold.mapping_count, 2u);
}

Test(record_fold, addresses_in_no_mapping_stay_addresses)
{
    uint64_t pcs[] = {0x666000};
    uint32_t stack = stack_of(&rig.one, pcs, 1, 0);

    cr_expect_eq(frame_at(stack, 0)->mapping, (uint32_t)PF_NONE);
    cr_expect_eq(frame_at(stack, 0)->address, 0x666000u);
}

Test(record_fold, a_changed_space_is_looked_up_again)
{
    uint64_t pcs[] = {0x10100};
    uint32_t before = stack_of(&rig.one, pcs, 1, 0);

    map(&rig.one, 0x10000, 0, "/lib/y.so");
    pf_fold_forget(&fold);
    uint32_t after = stack_of(&rig.one, pcs, 1, 0);
    cr_expect_neq(before, after);
    cr_expect_neq(frame_at(before, 0)->mapping, frame_at(after, 0)->mapping);
}

Test(record_fold, kernel_frames_lie_above_and_markers_are_left_out)
{
    uint64_t pcs[] = {0x10100};
    uint64_t kernel[] = {(uint64_t)-128, 0xffffffff81000010, 0xffffffff81000020, (uint64_t)-512};
    struct pf_trail trail = {.pcs = pcs, .count = 1};
    struct pf_fold_frames frames = {
        .leaf = PF_NONE, .kernel = kernel, .kernel_count = 4, .trail = &trail, .space = &rig.one};
    uint32_t stack = pf_fold_stack(&fold, &frames);
    uint32_t count = 0;

    (void)pf_profile_stack_view(&rig.profile, stack, &count);
    cr_expect_eq(count, 3u);
    cr_expect_eq(frame_at(stack, 0)->address, 0xffffffff81000010u);
    cr_expect_eq(frame_at(stack, 1)->address, 0xffffffff8100001fu);
    cr_expect_eq(frame_at(stack, 2)->address, 0x10100u);
}

Test(record_fold, a_name_goes_on_top_of_a_stack)
{
    uint64_t pcs[] = {0x10100, 0x10200};
    uint32_t below = stack_of(&rig.one, pcs, 2, 0);
    uint32_t leaf = pf_fold_named(&fold, "[waiting: futex]");
    uint32_t stack = pf_fold_on_top(&fold, leaf, below);
    uint32_t count = 0;

    (void)pf_profile_stack_view(&rig.profile, stack, &count);
    cr_expect_eq(count, 3u);
    cr_expect_eq(frame_at(stack, 2)->address, 0x101ffu);
    cr_expect_eq(pf_fold_named(&fold, "[waiting: futex]"), leaf);
    (void)pf_profile_stack_view(&rig.profile, pf_fold_on_top(&fold, leaf, PF_NONE), &count);
    cr_expect_eq(count, 1u);
}

Test(record_fold, more_frames_than_fit_are_cut_at_the_root)
{
    static uint64_t pcs[PF_FOLD_DEPTH_MAX + 50];
    static uint64_t kernel[PF_FOLD_KERNEL_MAX + 50];
    struct pf_trail trail = {.pcs = pcs, .count = PF_FOLD_DEPTH_MAX + 50};
    struct pf_fold_frames frames = {.leaf = pf_fold_named(&fold, "top"),
                                    .kernel = kernel,
                                    .kernel_count = PF_FOLD_KERNEL_MAX + 50,
                                    .trail = &trail,
                                    .space = &rig.one};
    uint32_t count = 0;

    for (uint32_t i = 0; i < trail.count; i++)
        pcs[i] = 0x10000 + i;
    for (uint32_t i = 0; i < frames.kernel_count; i++)
        kernel[i] = 0xffffffff81000000 + i;
    uint32_t stack = pf_fold_stack(&fold, &frames);
    (void)pf_profile_stack_view(&rig.profile, stack, &count);
    cr_expect_eq(count, 1u + PF_FOLD_KERNEL_MAX + PF_FOLD_DEPTH_MAX);
}
