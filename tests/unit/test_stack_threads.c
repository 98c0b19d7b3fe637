/* The caches of stacks where programs change stacks: contexts, threads, signals; and readers of what threads count. */
#include "../support/strand.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#define STACK_SIZE (256ul * 1024)
#define STRANDS (CACHES - 1)

/* AddressSanitizer cannot look after frames that are thrown across on another stack than the thread's. */
#ifdef __SANITIZE_ADDRESS__
#define IN_CONTEXT .never_throws = true
#else
#define IN_CONTEXT .never_throws = false
#endif

static struct strand strands[STRANDS];
static ucontext_t scheduler;

static void run_in_context(void)
{
    struct strand *self = strand;

    run(self);
    self->home = NULL;
}

static void begin_context(struct strand *self, void *room, uint64_t seed)
{
    *self = (struct strand){.seed = seed, .left = 200, .depth = 12, .home = &scheduler, IN_CONTEXT};
    assert_int_equal(getcontext(&self->context), 0);
    self->context.uc_stack.ss_sp = room;
    self->context.uc_stack.ss_size = STACK_SIZE;
    self->context.uc_link = &scheduler;
    makecontext(&self->context, run_in_context, 0);
}

static void map_again(void *room)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

    assert_ptr_equal(mmap(room, STACK_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0), room);
}

/* Contexts take turns; where one has ended another begins on the same addresses. */
static void take_turns(char *rooms, void (*prepare_room)(void *room))
{
    unsigned running_now = 0, begun = 0;

    memset(strands, 0, sizeof(strands));
    for (unsigned i = 0; begun < 12 * ROUNDS || running_now > 0; i = (i + 1) % STRANDS) {
        void *room = rooms + i * STACK_SIZE;

        if (strands[i].home == NULL && begun == 12 * ROUNDS)
            continue;
        if (strands[i].home == NULL) {
            if (prepare_room != NULL)
                prepare_room(room);
            begin_context(&strands[i], room, ++begun);
            running_now++;
        }
        strand = &strands[i];
        assert_int_equal(swapcontext(&scheduler, &strands[i].context), 0);
        running_now -= strands[i].home == NULL;
    }
}

static void contexts_on_memory_that_is_mapped_again_are_right(void **state)
{
    char *rooms = mmap(NULL, STRANDS * STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(rooms, MAP_FAILED);
    take_turns(rooms, map_again);
    assert_int_equal(munmap(rooms, STRANDS * STACK_SIZE), 0);
}

static void contexts_inside_of_the_thread_s_own_stack_are_right(void **state)
{
    _Alignas(4096) char rooms[STRANDS * STACK_SIZE];

    (void)state;
    take_turns(rooms, NULL);
}

static unsigned running;

static void *run_in_thread(void *argument)
{
    struct strand *self = argument;

    cache = &caches[1 + (self - strands)];
    stack_cache_reset(cache, stack_bounds_thread(STACK_SIZE));
    run(self);
    __atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);
    return NULL;
}

static void start_threads(const struct strand *like, pthread_t *ret_threads)
{
    pthread_attr_t attr;

    running = STRANDS;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK_SIZE), 0);
    for (unsigned i = 0; i < STRANDS; i++) {
        strands[i] = *like;
        strands[i].seed += i;
        assert_int_equal(pthread_create(&ret_threads[i], &attr, run_in_thread, &strands[i]), 0);
    }
    pthread_attr_destroy(&attr);
}

static void join_threads(const pthread_t *threads)
{
    for (unsigned i = 0; i < STRANDS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void threads_on_stacks_of_earlier_threads_are_right(void **state)
{
    pthread_t first[STRANDS], threads[STRANDS];
    unsigned same = 0;

    (void)state;
    for (unsigned round = 0; round < 10 * ROUNDS; round++) {
        start_threads(&(struct strand){.seed = round * STRANDS, .left = 100, .depth = 10}, threads);
        join_threads(threads);
        if (round == 0)
            memcpy(first, threads, sizeof(first));
        else
            same += first[0] == threads[0]; /* glibc keeps the stack, and the handle lies in it */
    }
    assert_true(same > 0);
}

#define TRAP_FLAG 0x100

static unsigned handled;

/* Comes after every instruction of the program as long as it says so, and takes a stack in some of them. */
static void handler(int sig, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    struct strand own = {.seed = ++handled, .left = 1, .depth = 4, .exact = true};

    (void)sig, (void)info;
    *flags = stepping && !busy ? *flags | TRAP_FLAG : *flags & ~TRAP_FLAG;
    if (busy || handled % 5 != 0)
        return;
    stack_set_check(1);
    run(&own);
    stack_set_check(0);
}

static void signals_after_any_instruction_are_right(void **state)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    void *outside = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char inside[STACK_SIZE];
    const stack_t stacks[] = {
        {.ss_flags = SS_DISABLE}, {.ss_sp = outside, .ss_size = STACK_SIZE}, {.ss_sp = inside, .ss_size = STACK_SIZE}};

    (void)state;
    assert_ptr_not_equal(outside, MAP_FAILED);
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGTRAP, &action, NULL), 0);
    stack_set_check(0);
    for (uint64_t seed = 1; seed <= 3 * ROUNDS; seed++) {
        /* By turns where the program is, and on a stack outside and inside of the thread's. */
        assert_int_equal(sigaltstack(&stacks[seed % ARRAY_LEN(stacks)], NULL), 0);
        stepping = true;
        raise(SIGTRAP);
        run(&(struct strand){.seed = seed, .left = 60, .depth = 12, .exact = true});
        stepping = false;
    }
    stack_set_check(1);
    assert_ptr_not_equal(signal(SIGTRAP, SIG_DFL), SIG_ERR);
    assert_int_equal(sigaltstack(&stacks[0], NULL), 0);
    assert_int_equal(munmap(outside, STACK_SIZE), 0);
}

static void readers_never_see_more_than_was_counted(void **state)
{
    pthread_t threads[STRANDS];

    (void)state;
    stack_set_check(997);
    start_threads(&(struct strand){.seed = 77, .left = 100000 * ROUNDS, .depth = 2}, threads);
    while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0) {
        uint32_t n = add_up();

        for (uint32_t id = 1; id <= n; id++) {
            uint64_t most = __atomic_load_n(&truth[id], __ATOMIC_SEQ_CST);

            strange += counts[id] > most || bytes[id] > most * BYTES;
        }
    }
    join_threads(threads);
    stack_set_check(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_THREAD__
        CHECKED(contexts_on_memory_that_is_mapped_again_are_right),
        CHECKED(contexts_inside_of_the_thread_s_own_stack_are_right),
        CHECKED(threads_on_stacks_of_earlier_threads_are_right),
        CHECKED(signals_after_any_instruction_are_right),
#endif
        CHECKED(readers_never_see_more_than_was_counted),
        cmocka_unit_test(all_that_was_taken_is_counted_at_its_site_once),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
