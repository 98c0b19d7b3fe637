/*
 * One allocation at the end of each kind of stack, and behind it a call of checkpoint(), where a debugger looks at the same stack.
 * The size of the block tells which it is: 1000 and the number of the site.
 */
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <sys/mman.h>
#include <thread>
#include <ucontext.h>

#define FUNCTION __attribute__((noinline, noclone))
/* Memory that the compiler must not see through, and a call at the end that it must not make a jump. */
#define SITE(number)                          \
    do {                                      \
        kept = malloc(1000 + (number));       \
        checkpoint(1000 + (number));          \
        __asm__ volatile("" ::: "memory");    \
    } while (0)

static void *volatile kept;
static volatile int turns = 3;

extern "C" FUNCTION void checkpoint(uint64_t size)
{
    __asm__ volatile("" ::"r"(size) : "memory");
}

FUNCTION static void recurse(int depth)
{
    if (depth == 0)
        SITE(1);
    else
        recurse(depth - 1);
    __asm__ volatile("" ::: "memory");
}

FUNCTION static int compare(const void *a, const void *b)
{
    static bool done;

    if (!done)
        SITE(2);
    done = true;
    return *(const int *)a - *(const int *)b;
}

FUNCTION static void sort_in_libc()
{
    int numbers[] = {3, 1, 2, turns};

    qsort(numbers, 4, sizeof(int), compare);
    __asm__ volatile("" ::"r"(numbers) : "memory");
}

[[noreturn]] FUNCTION static void fail_for_ever(int value)
{
    SITE(3);
    throw std::runtime_error(std::to_string(value));
}

/* The call is the last instruction of the function: its return address lies in the next one. */
FUNCTION static void call_without_return(int value)
{
    fail_for_ever(value);
}

struct Guard {
    FUNCTION ~Guard() { SITE(4); }
};

FUNCTION static void throw_through_guard()
{
    Guard guard;

    call_without_return(turns);
}

FUNCTION static void catch_it()
{
    try {
        throw_through_guard();
    } catch (const std::exception &) {
        SITE(5);
    }
    __asm__ volatile("" ::: "memory");
}

FUNCTION static void *thread_main(void *argument)
{
    recurse(turns);
    SITE(6);
    return argument;
}

FUNCTION static void run_threads()
{
    pthread_t thread;

    pthread_create(&thread, nullptr, thread_main, nullptr);
    pthread_join(thread, nullptr);
    std::thread([] { SITE(7); }).join();
}

static char *page;

FUNCTION static void on_raise(int)
{
    SITE(8);
}

FUNCTION static void on_fault(int, siginfo_t *, void *)
{
    SITE(9);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

/* Has no frame of its own: interrupted in its middle, by a fault. */
FUNCTION static int touch(volatile char *where)
{
    return *where + turns;
}

FUNCTION static void take_signals()
{
    static char alternate[65536];
    stack_t stack = {};
    struct sigaction action = {};

    action.sa_handler = on_raise;
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
    stack.ss_sp = alternate;
    stack.ss_size = sizeof(alternate);
    sigaltstack(&stack, nullptr);
    page = static_cast<char *>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);
    turns += touch(page);
}

FUNCTION static void align_stack(int size)
{
    alignas(64) volatile char aligned[128];

    aligned[size] = 1;
    SITE(10);
    turns += aligned[size] - 1;
}

FUNCTION static void grow_stack(int size)
{
    volatile char *room = static_cast<char *>(__builtin_alloca(static_cast<size_t>(size)));

    room[0] = 0;
    SITE(11);
    turns += room[0];
}

FUNCTION static void align_and_grow_stack(int size)
{
    alignas(64) volatile char aligned[128];
    volatile char *room = static_cast<char *>(__builtin_alloca(static_cast<size_t>(size)));

    aligned[size & 63] = room[0] = 0;
    SITE(12);
    turns += room[0] + aligned[size & 63];
}

static ucontext_t outside, inside;

FUNCTION static void in_context()
{
    SITE(13);
}

FUNCTION static void switch_context()
{
    static char stack[65536];

    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = sizeof(stack);
    inside.uc_link = &outside;
    makecontext(&inside, in_context, 0);
    swapcontext(&outside, &inside);
}

struct Shape {
    virtual ~Shape() = default;
    virtual void draw() = 0;
};

struct Circle : Shape {
    FUNCTION void draw() override { SITE(14); }
};

template <typename T> FUNCTION static void draw_all(std::unique_ptr<T> shape)
{
    shape->draw();
    __asm__ volatile("" ::: "memory");
}

FUNCTION static void once()
{
    static std::once_flag flag;

    std::call_once(flag, [] { SITE(15); });
    __asm__ volatile("" ::: "memory");
}

struct Early {
    FUNCTION Early() { SITE(16); }
    FUNCTION ~Early() { SITE(17); }
};

static Early early;

FUNCTION static void at_the_end()
{
    SITE(18);
}

int main()
{
    atexit(at_the_end);
    recurse(5);
    sort_in_libc();
    catch_it();
    run_threads();
    take_signals();
    align_stack(turns);
    grow_stack(turns * 100);
    align_and_grow_stack(turns * 10);
    switch_context();
    draw_all<Shape>(std::make_unique<Circle>());
    once();
    SITE(19);
    return 0;
}
