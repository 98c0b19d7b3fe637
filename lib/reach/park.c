/* The parking of threads. Owns the handler, and what parked threads say; called by reach/reach, life/exit and dump/control. */
#include "reach/park.h"

#include "base/entries.h"
#include "base/memory.h"
#include "base/sys.h"
#include "reach/task.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#define KERNEL_RESTORER 0x04000000
#define RED_ZONE 128u /* that a function may use without moving its stack pointer */
#define PATIENCE_NS 1000000000ll
#define BLOCKED_MAX 10 /* times that a thread is seen to block the signal, before it is given up */
#define ROUNDS_MAX 20
#define SLOTS_AT_LEAST 64u
#define STANDING_MAX 16
#define EXEMPT_MAX 2
#define XSTATE_MAGIC_AT 464 /* in the saved state of the vector unit: that there is more, and how much */
#define XSTATE_MAGIC 0x46505853u
#define FXSAVE_BYTES 512u

/* What the kernel takes: libc's sigaction refuses the signals that libc uses itself. */
struct kernel_action {
    void (*handler)(int sig, siginfo_t *info, void *context);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

/* What a thread that was asked says: where it has described itself, on its own stack. Before, it is a number that names the
   asking, so that who comes too late, when the slot is another one's, cannot say anything. Its lower half is a futex. */
struct slot {
    pid_t tid;
    union {
        uint64_t said;
        int futex;
    };
};

static struct {
    struct slot *slots; /* never unmapped: a signal may come late */
    unsigned room;
    unsigned count;
    int generation; /* futex, even at the start: odd while threads are to stand still */
    struct kernel_action before;
    struct parked *items;
    unsigned items_room;
    pid_t exempt[EXEMPT_MAX];
} park;

struct standing {
    struct parked parked; /* tid 0: nobody; -1: about to be somebody */
    uintptr_t registers[PARK_REGISTERS];
};

static struct standing standing[STANDING_MAX];

/* Ends the handler. Debuggers and unwinders know these bytes. */
__asm__(".text\n"
        ".align 16\n"
        ".type park_restorer, @function\n"
        "park_restorer:\n"
        "    mov $15, %rax\n"
        "    syscall\n"
        ".size park_restorer, .-park_restorer\n");
extern void park_restorer(void) __attribute__((visibility("hidden")));

/* --- in the threads ------------------------------------------------------------------------------------------------- */

static void describe(struct parked *ret_parked, const ucontext_t *context)
{
    const char *vector = (const char *)context->uc_mcontext.fpregs;
    uint32_t magic, bytes = FXSAVE_BYTES;

    ret_parked->sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP] - RED_ZONE;
    ret_parked->tp = (uintptr_t)__builtin_thread_pointer();
    ret_parked->registers[0] =
        (struct range){(uintptr_t)context->uc_mcontext.gregs, (uintptr_t)&context->uc_mcontext.gregs[NGREG]};
    if (vector != NULL) {
        memcpy(&magic, vector + XSTATE_MAGIC_AT, sizeof(magic));
        if (magic == XSTATE_MAGIC)
            memcpy(&bytes, vector + XSTATE_MAGIC_AT + sizeof(magic), sizeof(bytes));
        ret_parked->registers[1] = (struct range){(uintptr_t)vector, (uintptr_t)vector + bytes};
    }
}

static const struct parked *answer(const struct slot *slot)
{
    uint64_t said = __atomic_load_n(&slot->said, __ATOMIC_ACQUIRE);

    return (said & 1) != 0 ? NULL : (const struct parked *)(uintptr_t)said;
}

static void wait_for_end(int generation)
{
    int64_t deadline = sys_monotonic_ns() + PARK_LIMIT_MS * 1000000ll;
    struct timespec slice = {.tv_sec = 1};

    while (__atomic_load_n(&park.generation, __ATOMIC_ACQUIRE) == generation && sys_monotonic_ns() < deadline)
        sys_futex_wait(&park.generation, generation, &slice);
}

static bool is_ours(const siginfo_t *info)
{
    uintptr_t value = (uintptr_t)info->si_value.sival_ptr;

    return info->si_code == SI_QUEUE && info->si_pid == sys_getpid() && (value >> 32 & 1) != 0;
}

/* Odd, as no address is. */
static uint64_t question(int generation)
{
    return (uint64_t)(uint32_t)generation << 1 | 1;
}

static void handle(int sig, siginfo_t *info, void *context)
{
    uintptr_t value = (uintptr_t)info->si_value.sival_ptr;
    int generation = (int)(value >> 32);
    uint64_t expected = question(generation);
    struct parked own;
    struct slot *slot;

    if (!is_ours(info)) {
        if ((uintptr_t)park.before.handler > (uintptr_t)SIG_IGN)
            park.before.handler(sig, info, context);
        return;
    }
    if (__atomic_load_n(&park.generation, __ATOMIC_ACQUIRE) != generation)
        return;
    own = (struct parked){.tid = sys_gettid()};
    describe(&own, context);
    slot = &__atomic_load_n(&park.slots, __ATOMIC_ACQUIRE)[(uint32_t)value];
    if (!__atomic_compare_exchange_n(&slot->said, &expected, (uint64_t)(uintptr_t)&own, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return;
    sys_futex_wake(&slot->futex, 1);
    wait_for_end(generation);
}

static struct standing *take_standing(void)
{
    pid_t tid = sys_gettid();

    for (unsigned i = 0; i < STANDING_MAX; i++) {
        pid_t nobody = 0;

        if (standing[i].parked.tid == tid ||
            __atomic_compare_exchange_n(&standing[i].parked.tid, &nobody, -1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return &standing[i];
    }
    return NULL;
}

void park_stand(uintptr_t sp, const uintptr_t *registers, unsigned n)
{
    struct standing *place = take_standing();

    if (place == NULL)
        return;
    for (unsigned i = 0; i < n; i++)
        place->registers[i] = registers[i];
    place->parked = (struct parked){
        .tid = -1,
        .sp = sp,
        .tp = (uintptr_t)__builtin_thread_pointer(),
        .registers = {{(uintptr_t)place->registers, (uintptr_t)&place->registers[n]}},
    };
    __atomic_store_n(&place->parked.tid, sys_gettid(), __ATOMIC_RELEASE);
}

void park_go_on(void)
{
    pid_t tid = sys_gettid();

    for (unsigned i = 0; i < STANDING_MAX; i++)
        if (standing[i].parked.tid == tid)
            __atomic_store_n(&standing[i].parked.tid, 0, __ATOMIC_RELEASE);
}

void park_stand_at(const void *context)
{
    struct standing *place = take_standing();

    if (place == NULL)
        return;
    place->parked = (struct parked){.tid = -1};
    describe(&place->parked, context);
    __atomic_store_n(&place->parked.tid, sys_gettid(), __ATOMIC_RELEASE);
}

/* --- in the thread that stops the others ---------------------------------------------------------------------------- */

static bool install(void)
{
    const struct kernel_action action = {
        .handler = handle,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | KERNEL_RESTORER,
        .restorer = park_restorer,
        .mask = ~0ull,
    };
    struct kernel_action before;

    if (SYS_CALL(SYS_rt_sigaction, SIGNAL_OF_SETUID, 0, &before, sizeof(before.mask)) != 0)
        return false;
    if (before.handler == handle)
        return true;
    park.before = before;
    return SYS_CALL(SYS_rt_sigaction, SIGNAL_OF_SETUID, &action, 0, sizeof(action.mask)) == 0;
}

static bool is_exempt(pid_t tid)
{
    return tid == park.exempt[0] || tid == park.exempt[1];
}

static const struct parked *find_standing(pid_t tid)
{
    for (unsigned i = 0; i < STANDING_MAX; i++)
        if (__atomic_load_n(&standing[i].parked.tid, __ATOMIC_ACQUIRE) == tid)
            return &standing[i].parked;
    return NULL;
}

static bool is_asked(pid_t tid)
{
    for (unsigned i = 0; i < park.count; i++)
        if (park.slots[i].tid == tid)
            return true;
    return false;
}

/* The old slots stay: who was asked in them looks at them no more, but a signal may still be on its way. */
static bool make_slots(unsigned tasks)
{
    struct slot *slots;

    if (tasks <= park.room)
        return true;
    slots = memory_map(tasks * 2 * sizeof(*slots));
    if (slots == NULL)
        return false;
    __atomic_store_n(&park.slots, slots, __ATOMIC_RELEASE);
    park.room = tasks * 2;
    return true;
}

static bool make_items(unsigned tasks)
{
    if (tasks <= park.items_room)
        return true;
    if (park.items != NULL)
        memory_unmap(park.items, park.items_room * sizeof(*park.items));
    park.items = memory_map(tasks * 2 * sizeof(*park.items));
    park.items_room = park.items == NULL ? 0 : tasks * 2;
    return park.items != NULL;
}

static void ask(pid_t tid)
{
    siginfo_t info;
    struct slot *slot = &park.slots[park.count];

    slot->tid = tid;
    __atomic_store_n(&slot->said, question(park.generation), __ATOMIC_RELEASE);
    memset(&info, 0, sizeof(info));
    info.si_code = SI_QUEUE;
    info.si_pid = sys_getpid();
    info.si_value.sival_ptr = (void *)((uintptr_t)(uint32_t)park.generation << 32 | park.count);
    if (SYS_CALL(SYS_rt_tgsigqueueinfo, sys_getpid(), tid, SIGNAL_OF_SETUID, &info) == 0)
        park.count++;
}

static pid_t number(const char *name)
{
    pid_t tid = 0;

    for (; *name >= '0' && *name <= '9'; name++)
        tid = tid * 10 + (*name - '0');
    return tid;
}

/* Calls `work` for each task of the process that is the program's; false when they cannot be listed. */
static bool for_each_task(void (*work)(pid_t tid, void *context), void *context)
{
    struct entries entries;
    const char *name;

    if (entries_open(&entries, "/proc/self/task") != 0)
        return false;
    while ((name = entries_next(&entries)) != NULL)
        if (!is_exempt(number(name)))
            work(number(name), context);
    entries_close(&entries);
    return true;
}

static void count(pid_t tid, void *context)
{
    (void)tid;
    ++*(unsigned *)context;
}

/* What there is no room for is missed. */
static void ask_new(pid_t tid, void *context)
{
    if (tid == sys_gettid() || find_standing(tid) != NULL || is_asked(tid) || park.count == park.room)
        return;
    ++*(unsigned *)context;
    ask(tid);
}

static void wait_for_slot(struct slot *slot, int64_t deadline)
{
    struct timespec slice = {.tv_nsec = 10000000};
    unsigned blocked = 0;

    while (answer(slot) == NULL && sys_monotonic_ns() < deadline && blocked < BLOCKED_MAX) {
        enum task_hope hope = TASK_COMES;

        if (sys_futex_wait(&slot->futex, (int)question(park.generation), &slice) == -ETIMEDOUT)
            hope = task_look(slot->tid, SIGNAL_OF_SETUID);
        if (hope == TASK_GONE)
            return;
        blocked += hope == TASK_BLOCKS;
    }
}

/* Until all stand still that were asked, or have gone, or the time is over. */
static void wait_for_all(int64_t deadline)
{
    for (unsigned i = 0; i < park.count; i++)
        wait_for_slot(&park.slots[i], deadline);
}

static void collect(pid_t tid, void *context)
{
    struct parked_threads *parked = context;
    const struct parked *found = find_standing(tid);

    for (unsigned i = 0; i < park.count && found == NULL; i++)
        if (park.slots[i].tid == tid)
            found = answer(&park.slots[i]);
    if (found != NULL && parked->count < park.items_room)
        park.items[parked->count++] = *found;
    else if (tid != sys_gettid() && task_look(tid, SIGNAL_OF_SETUID) != TASK_GONE)
        parked->missed++;
}

/* Threads may make threads as long as not all stand still. */
static bool stop_all(void)
{
    int64_t deadline = sys_monotonic_ns() + PATIENCE_NS;
    unsigned tasks = SLOTS_AT_LEAST;

    if (!for_each_task(count, &tasks) || !make_slots(tasks) || !make_items(tasks))
        return false;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        unsigned new_ones = 0;

        if (!for_each_task(ask_new, &new_ones) || new_ones == 0)
            break;
        wait_for_all(deadline);
    }
    return true;
}

void park_all(struct parked_threads *ret_parked)
{
    *ret_parked = (struct parked_threads){0};
    park.count = 0;
    __atomic_store_n(&park.generation, park.generation + 1, __ATOMIC_RELEASE);
    if (!install() || !stop_all() || !for_each_task(collect, ret_parked))
        ret_parked->missed++;
    ret_parked->items = park.items;
    ret_parked->own_thread = is_exempt(sys_gettid()) ? park.exempt[0] : 0;
}

void park_end(void)
{
    __atomic_store_n(&park.generation, park.generation + 1, __ATOMIC_RELEASE);
    sys_futex_wake(&park.generation, INT32_MAX);
}

void park_exempt(pid_t thread, pid_t worker)
{
    park.exempt[0] = thread;
    park.exempt[1] = worker;
}

void park_after_fork(void)
{
    memset(park.exempt, 0, sizeof(park.exempt));
    memset(standing, 0, sizeof(standing));
    park.generation = (park.generation + 1) & ~1;
}
