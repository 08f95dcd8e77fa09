/*
 * The agent's life: started by the loader before any other constructor, begun again in the child of
 * a fork, never ended; the collector reads what is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "profiler/agent/agent.h"
#include "profiler/agent/alloc_next.h"
#include "profiler/agent/code_objects.h"
#include "profiler/agent/collector_link.h"
#include "profiler/agent/collector_probe.h"
#include "profiler/agent/cpu_handler.h"
#include "profiler/agent/cpu_sampling.h"
#include "profiler/agent/dl_next.h"
#include "profiler/agent/early_blocks.h"
#include "profiler/agent/inherited_blocks.h"
#include "profiler/agent/leave.h"

enum { REST_TRIES = 50 };

struct ag_agent ag_agent;

static const char *find_variable(char **environment, const char *name)
{
    size_t size = strlen(name);

    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            return *environment + size + 1;
    return NULL;
}

/* "ADDRESS:TOKEN" of the environment into the state. */
static bool read_invitation(const char *text)
{
    const char *colon = text ? strrchr(text, ':') : NULL;

    if (!colon || colon == text || (size_t)(colon - text) >= sizeof ag_agent.address
        || strlen(colon + 1) != PF_HANDSHAKE_TOKEN)
        return false;
    /* An earlier collector's name may have been longer. */
    memset(ag_agent.address, 0, sizeof ag_agent.address);
    memcpy(ag_agent.address, text, (size_t)(colon - text));
    memcpy(ag_agent.hello.token, colon + 1, PF_HANDSHAKE_TOKEN);
    return true;
}

static void prepare_hello(void)
{
    const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);

    ag_agent.hello.magic = PF_HANDSHAKE_MAGIC;
    ag_agent.hello.version = PF_HANDSHAKE_VERSION;
    ag_agent.hello.reason = PF_HELLO_START;
    ag_agent.hello.parent = 0;
    ag_agent.hello.pid = ag_agent.pid;
    if (random)
        memcpy(ag_agent.hello.image, random, sizeof ag_agent.hello.image);
    (void)!readlink("/proc/self/exe", ag_agent.hello.exe, sizeof ag_agent.hello.exe - 1);
}

/* One word that is 1 here and 0 in any child made by fork, even one made behind our back. */
static bool make_alive_word(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return false;
    if (madvise(page, size, MADV_WIPEONFORK) != 0) {
        (void)munmap(page, size);
        return false;
    }
    ag_agent.alive = page;
    atomic_store(ag_agent.alive, 1);
    return true;
}

/* From here on it is recorded. The code map is there already. */
static void publish(struct pf_region *region)
{
    uint32_t wants = atomic_load(&region->wants);

    atomic_fetch_add(&ag_agent.generation, 1);
    if (wants & PF_REGION_HEAP) {
        atomic_store_explicit(&ag_agent.region, region, memory_order_release);
        atomic_store(&ag_agent.phase, AG_ON);
    } else {
        atomic_store(&ag_agent.phase, AG_PASSIVE);
    }
    if (wants & PF_REGION_CPU)
        (void)ag_cpu_begin(region);
}

static void stop_before_fork_returns(void)
{
    ag_cpu_fork_prepare();
    ag_inherited_prepare();
}

static void go_on_in_parent(void)
{
    ag_inherited_discard();
    ag_cpu_fork_parent();
}

/* In the child: the parent's region is not mapped here (MADV_DONTFORK). */
static void begin_in_child(void)
{
    int kept_errno = errno;

    ag_cpu_fork_child();
    ag_objects_fork_child();
    atomic_store(&ag_agent.linked, NULL);
    atomic_store(&ag_agent.region, NULL);
    atomic_store(&ag_agent.phase, AG_PASSIVE);
    ag_leave_fork_child();
    ag_agent.welcome = 0;
    ag_agent.hello.parent = ag_agent.pid;
    ag_agent.pid = (uint32_t)getpid();
    ag_agent.hello.pid = ag_agent.pid;
    ag_agent.hello.reason = PF_HELLO_FORK;
    struct pf_region *region = ag_link(ag_agent.address, &ag_agent.hello, &ag_agent.welcome);
    if (region && ag_inherited_enter(region)) {
        atomic_store(ag_agent.alive, 1);
        atomic_store(&ag_agent.linked, region);
        ag_objects_carry_over(region);
        publish(region);
    }
    ag_inherited_discard();
    errno = kept_errno;
}

static bool watch_forks(void)
{
    static bool is_watching;

    is_watching = is_watching
                  || pthread_atfork(stop_before_fork_returns, go_on_in_parent, begin_in_child) == 0;
    return is_watching;
}

/* By a collector that lives. What is ending, or was begun by one that is gone, is ended here:
 * allocation hooks may hold its region for a while longer, so that stays mapped. */
static bool is_taken(void)
{
    bool has_heap = atomic_load(&ag_agent.region) != NULL;

    if (ag_cpu_is_on() && ag_cpu_is_ending())
        ag_cpu_end();
    if (!ag_cpu_is_on() && !has_heap)
        return false;
    if (!ag_collector_is_gone(ag_agent.address))
        return true;
    if (ag_cpu_is_on())
        ag_cpu_end();
    if (has_heap) {
        atomic_store(&ag_agent.region, NULL);
        atomic_store(&ag_agent.linked, NULL);
    }
    return false;
}

/* Wait a little until nobody uses an earlier region any more. */
static bool is_abandoned(bool (*at_rest)(void))
{
    struct timespec pause = {.tv_nsec = 1000000};

    for (unsigned tries = 0; tries < REST_TRIES && !at_rest(); tries++)
        (void)nanosleep(&pause, NULL);
    return at_rest();
}

/* To the region of another collector; the one before is given back once nobody can be in it. */
static void move_to(struct pf_region *region, struct pf_region *before)
{
    atomic_store(&ag_agent.linked, region);
    bool is_left = is_abandoned(ag_objects_are_at_rest);
    ag_objects_carry_over(region);
    ag_objects_update();
    if (before && is_left && is_abandoned(ag_cpu_handler_is_at_rest))
        (void)munmap(before, before->size_bytes);
    publish(region);
}

/*
 * A collector that put us into a running process calls this, in one of its threads, with the
 * invitation a started process finds in its environment. 0, or an errno why nothing will be
 * recorded.
 */
__attribute__((visibility("default"))) int assay_agent_attach(const char *text);

int assay_agent_attach(const char *text)
{
    int kept_errno = errno;

    if (is_taken())
        return EBUSY;
    struct pf_region *before = atomic_load(&ag_agent.linked);
    if (!read_invitation(text))
        return EINVAL;
    if (!ag_agent.alive && !make_alive_word())
        return ENOMEM;
    prepare_hello();
    errno = 0;
    struct pf_region *region = ag_link(ag_agent.address, &ag_agent.hello, &ag_agent.welcome);
    int why = errno ? errno : ECONNREFUSED;
    errno = kept_errno;
    if (!region || !watch_forks())
        return region ? ENOMEM : why;
    move_to(region, before);
    errno = kept_errno;
    return ag_cpu_is_on() || atomic_load(&ag_agent.region) ? 0 : EAGAIN;
}

static __attribute__((constructor)) void begin(int argc, char **argv, char **environment)
{
    int kept_errno = errno;
    struct pf_region *region = NULL;

    (void)argc;
    (void)argv;
    ag_next_resolve();
    ag_dl_next_resolve();
    ag_agent.pid = (uint32_t)getpid();
    if (read_invitation(find_variable(environment, PF_HANDSHAKE_VARIABLE)) && make_alive_word()) {
        prepare_hello();
        region = ag_link(ag_agent.address, &ag_agent.hello, &ag_agent.welcome);
    }
    if (region && watch_forks()) {
        atomic_store(&ag_agent.linked, region);
        ag_objects_update();
        if (atomic_load(&region->wants) & PF_REGION_HEAP)
            ag_early_enter(region);
        publish(region);
    } else {
        atomic_store(&ag_agent.phase, AG_PASSIVE);
    }
    errno = kept_errno;
}
