/* SPDX-License-Identifier: MIT */
#include "profiler/session/record_cost.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct pf_record_cost one_second = {
    .interrupts = 1000,
    .interrupt_ns = 20000,
    .target_cpu_ns = 1000000000,
    .own_cpu_ns = 100000000,
    .duration_ns = 1000000000,
    .cpus = 2,
};

Test(record_cost, interrupts_of_the_target_and_the_collectors_share_of_the_machine)
{
    /* 20 ms of a second, and a tenth of one of two CPUs. */
    cr_expect_lt(fabs(pf_cost_percent(&one_second) - 7.0), 1e-9);
}

Test(record_cost, an_idle_target_does_not_make_the_collector_dear)
{
    struct pf_record_cost cost = one_second;

    cost.target_cpu_ns = 1000000;
    cost.interrupts = 1;
    cr_expect_lt(fabs(pf_cost_percent(&cost) - 7.0), 1e-9);
}

Test(record_cost, unknown_where_nothing_ran_or_nothing_was_measured)
{
    struct pf_record_cost idle = one_second;
    struct pf_record_cost unmeasured = one_second;

    idle.target_cpu_ns = 0;
    unmeasured.interrupt_ns = 0;
    cr_expect_lt(pf_cost_percent(&idle), 0);
    cr_expect_lt(pf_cost_percent(&unmeasured), 0);
}
