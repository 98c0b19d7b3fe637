/* A block whose only pointer stands in one place: all these places are roots. And the same after the place is gone. */
#include "case.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define SIZE 100
#define PAGE 4096
#define STACK 262144

static char *volatile initialized = (char *)&initialized;
static void *volatile uninitialized;
static void *volatile far_away[1 << 18];
static __thread void *volatile in_tls = (void *)&uninitialized;

/* Two pages of .data, so that one is whole. */
static void *volatile protected_data[2 * PAGE / sizeof(void *)] = {(void *)&uninitialized};

static int keep_in_global(void)
{
    initialized = site_block(SIZE);
    return 0;
}

static int keep_in_bss(void)
{
    uninitialized = site_block(SIZE);
    return 0;
}

static int keep_far_in_bss(void)
{
    far_away[(1 << 18) - 1] = site_block(SIZE);
    return 0;
}

static int keep_in_read_only_data(void)
{
    char *page = (char *)(((uintptr_t)protected_data + PAGE - 1) & -(uintptr_t)PAGE);

    *(void *volatile *)page = site_block(SIZE);
    MUST(mprotect(page, PAGE, PROT_READ) == 0);
    return 0;
}

static int keep_on_stack(void)
{
    void *volatile kept = site_block(SIZE);

    scrub();
    exit(kept == NULL);
}

/* Far above whatever runs at the end. */
static int keep_deep_on_stack(void)
{
    void *volatile kept[STACK / sizeof(void *)];

    memset((void *)kept, 0, sizeof kept);
    kept[STACK / sizeof(void *) - 1] = site_block(SIZE);
    scrub();
    exit(kept[0] != NULL);
}

static int keep_in_arguments(void)
{
    case_command[1] = site_block(SIZE);
    case_command = NULL;
    return 0;
}

static void *on_stack_of_thread(void *unused)
{
    void *volatile kept = site_block(SIZE);

    USE(&kept);
    held();
    return unused;
}

static int keep_on_stack_of_thread(void)
{
    hold_in_thread(on_stack_of_thread, NULL);
    return 0;
}

static void *on_stack_without_signals(void *unused)
{
    void *volatile kept = site_block(SIZE);
    sigset_t all;

    USE(&kept);
    sigfillset(&all);
    MUST(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    held();
    return unused;
}

static int keep_on_stack_without_signals(void)
{
    hold_in_thread(on_stack_without_signals, NULL);
    return 0;
}

static void *mapped_stack(void)
{
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(stack != MAP_FAILED);
    return stack;
}

static int keep_on_mapped_stack(void)
{
    hold_on_stack(on_stack_of_thread, mapped_stack(), STACK);
    return 0;
}

static int keep_on_heap_stack(void)
{
    static void *volatile stack;

    stack = aligned_alloc(PAGE, STACK);
    MUST(stack != NULL);
    hold_on_stack(on_stack_of_thread, stack, STACK);
    return 0;
}

/* The threads never leave the loop; but for its place, nothing holds the pointer. */
static volatile int in_loop;

#define LOOP "xor %0, %0\n movl $1, %1\n 1: pause\n jmp 1b"

static __attribute__((noipa)) void *in_register(void *hidden_block)
{
    __asm__ volatile("not %0\n mov %0, %%r13\n" LOOP : "+r"(hidden_block), "=m"(in_loop) : : "r13");
    return hidden_block;
}

static __attribute__((noipa)) void *in_vector_register(void *hidden_block)
{
    __asm__ volatile("not %0\n movq %0, %%xmm9\n" LOOP : "+r"(hidden_block), "=m"(in_loop) : : "xmm9");
    return hidden_block;
}

static __attribute__((noipa)) void *in_red_zone(void *hidden_block)
{
    __asm__ volatile("not %0\n mov %0, -120(%%rsp)\n" LOOP : "+r"(hidden_block), "=m"(in_loop) : : "memory");
    return hidden_block;
}

/* Threads get the pointer hidden: libc keeps the argument of a thread. */
static int keep_in_thread(void *(*hold)(void *))
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, hold, (void *)hidden(site_block(SIZE))) == 0);
    while (!in_loop)
        usleep(1000);
    return 0;
}

static int keep_in_register(void)
{
    return keep_in_thread(in_register);
}

static int keep_in_vector_register(void)
{
    return keep_in_thread(in_vector_register);
}

static int keep_in_red_zone(void)
{
    return keep_in_thread(in_red_zone);
}

static int keep_in_register_of_main(void)
{
    uintptr_t block = hidden(site_block(SIZE));

    scrub();
    __asm__ volatile("mov %0, %%r12\n not %%r12\n and $-16, %%rsp\n xor %%edi, %%edi\n call exit@PLT"
                     :
                     : "a"(block)
                     : "r12", "memory");
    return 99;
}

static int keep_in_tls(void)
{
    in_tls = site_block(SIZE);
    return 0;
}

static void *set_tls(void *unused)
{
    in_tls = site_block(SIZE);
    return unused;
}

static void *hold_in_tls(void *unused)
{
    set_tls(NULL);
    held();
    return unused;
}

static int keep_in_tls_of_thread(void)
{
    hold_in_thread(hold_in_tls, NULL);
    return 0;
}

static int lose_in_tls_of_ended_thread(void)
{
    in_thread(set_tls, NULL);
    return 0;
}

/* A function of the shared object beside the program. */
static void *of_plugin(const char *name)
{
    static void *volatile plugin;
    void *function;

    if (plugin == NULL)
        plugin = dlopen("plugin.so", RTLD_NOW | RTLD_LOCAL);
    MUST(plugin != NULL);
    function = dlsym(plugin, name);
    MUST(function != NULL);
    return function;
}

static void keep_by_plugin(const char *name, void *block)
{
    void (*keep)(void *);

    *(void **)&keep = of_plugin(name);
    keep(block);
}

static int keep_in_plugin(void)
{
    keep_by_plugin("keep_in_plugin", site_block(SIZE));
    return 0;
}

static int keep_in_dynamic_tls(void)
{
    keep_by_plugin("keep_in_dynamic_tls", site_block(SIZE));
    return 0;
}

static void *hold_in_dynamic_tls(void *unused)
{
    keep_in_dynamic_tls();
    held();
    return unused;
}

static int keep_in_dynamic_tls_of_thread(void)
{
    hold_in_thread(hold_in_dynamic_tls, NULL);
    return 0;
}

static void *set_dynamic_tls(void *unused)
{
    keep_in_dynamic_tls();
    return unused;
}

static int lose_in_dynamic_tls_of_ended_thread(void)
{
    in_thread(set_dynamic_tls, NULL);
    return 0;
}

/* libc has room for 32 keys in a thread's own structure, and blocks for more. */
static pthread_key_t key_after(int keys)
{
    pthread_key_t key;

    do
        MUST(pthread_key_create(&key, NULL) == 0);
    while (keys-- > 0);
    return key;
}

static int keep_as_specific(void)
{
    MUST(pthread_setspecific(key_after(0), site_block(SIZE)) == 0);
    return 0;
}

static int keep_as_specific_of_late_key(void)
{
    MUST(pthread_setspecific(key_after(40), site_block(SIZE)) == 0);
    return 0;
}

static void *hold_as_specific(void *unused)
{
    keep_as_specific_of_late_key();
    held();
    return unused;
}

static int keep_as_specific_of_thread(void)
{
    hold_in_thread(hold_as_specific, NULL);
    return 0;
}

static void *set_specific(void *unused)
{
    keep_as_specific();
    return unused;
}

static int lose_as_specific_of_ended_thread(void)
{
    in_thread(set_specific, NULL);
    return 0;
}

static ucontext_t main_context, other_context;

static void on_suspended_stack(void)
{
    void *volatile kept = site_block(SIZE);

    USE(&kept);
    scrub();
    MUST(swapcontext(&other_context, &main_context) == 0);
    exit(99);
}

static void in_suspended_register(void)
{
    uintptr_t block = hidden(site_block(SIZE));

    scrub();
    __asm__ volatile("mov %0, %%rbx\n not %%rbx\n xor %%eax, %%eax\n and $-16, %%rsp\n lea other_context(%%rip), %%rdi\n"
                     "lea main_context(%%rip), %%rsi\n call swapcontext@PLT"
                     :
                     : "a"(block)
                     : "rbx", "memory");
    exit(99);
}

static void exit_there(void)
{
    exit(0);
}

static int run_on(void *stack, void (*run)(void))
{
    MUST(stack != NULL && getcontext(&other_context) == 0);
    other_context.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK};
    makecontext(&other_context, run, 0);
    MUST(swapcontext(&main_context, &other_context) == 0);
    return 0;
}

static int keep_on_suspended_stack(void)
{
    return run_on(mapped_stack(), on_suspended_stack);
}

static int keep_on_suspended_heap_stack(void)
{
    return run_on(malloc(STACK), on_suspended_stack);
}

static int keep_in_suspended_register(void)
{
    return run_on(mapped_stack(), in_suspended_register);
}

static int exit_while_main_is_suspended(void)
{
    void *volatile kept = site_block(SIZE);

    scrub();
    run_on(mapped_stack(), exit_there);
    return kept == NULL;
}

static void exit_from_handler(int sig)
{
    (void)sig;
    exit(0);
}

static int exit_on_alternate_stack(void)
{
    static char alternate[STACK];
    void *volatile kept = site_block(SIZE);
    const struct sigaction action = {.sa_handler = exit_from_handler, .sa_flags = SA_ONSTACK};

    MUST(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    scrub();
    raise(SIGUSR1);
    return kept == NULL;
}

/* Where the pointer stands in the mapping, so that the rest of it is seen to be looked through. */
static void *volatile *mapped(int flags)
{
    char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);

    MUST(memory != MAP_FAILED);
    return (void *volatile *)(memory + 3 * PAGE + 8);
}

static int keep_in_mapping(void)
{
    *mapped(MAP_PRIVATE | MAP_ANONYMOUS) = site_block(SIZE);
    return 0;
}

static int keep_in_shared_mapping(void)
{
    *mapped(MAP_SHARED | MAP_ANONYMOUS) = site_block(SIZE);
    return 0;
}

static int keep_in_read_only_mapping(void)
{
    void *volatile *place = mapped(MAP_PRIVATE | MAP_ANONYMOUS);

    *place = site_block(SIZE);
    MUST(mprotect((char *)place - 3 * PAGE - 8, 4 * PAGE, PROT_READ) == 0);
    return 0;
}

static int lose_in_unmapped(void)
{
    void *volatile *place = mapped(MAP_PRIVATE | MAP_ANONYMOUS);

    *place = site_block(SIZE);
    MUST(munmap((char *)place - 3 * PAGE - 8, 4 * PAGE) == 0);
    return 0;
}

/* Reading the mapping raises SIGBUS, reading the block SIGSEGV. */
static int survive_unreadable_memory(void)
{
    static void *volatile block;
    char *memory;
    int file = memfd_create("short", 0);

    MUST(file >= 0 && ftruncate(file, 4 * PAGE) == 0);
    memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    MUST(memory != MAP_FAILED && ftruncate(file, 0) == 0 && close(file) == 0);
    block = aligned_alloc(PAGE, 4 * PAGE);
    MUST(block != NULL && mprotect((char *)block + PAGE, PAGE, PROT_NONE) == 0);
    uninitialized = site_block(SIZE);
    return 0;
}

static int keep_behind_unreadable_memory(void)
{
    static char *volatile block;

    block = aligned_alloc(PAGE, 4 * PAGE);
    MUST(block != NULL);
    *(void **)(block + 3 * PAGE) = site_block(SIZE);
    MUST(mprotect(block + PAGE, PAGE, PROT_NONE) == 0);
    return 0;
}

static int keep_in_break(void)
{
    void *volatile *place = sbrk(2 * PAGE);

    MUST(place != (void *)-1);
    place[PAGE / sizeof(void *)] = site_block(SIZE);
    return 0;
}

/* So much is acquired behind it that libc goes on there. */
static int keep_between_breaks(void)
{
    void *volatile *place = sbrk(2 * PAGE);
    static void *volatile behind[64];

    MUST(place != (void *)-1);
    for (int i = 0; i < 64; i++)
        behind[i] = malloc(8 * PAGE);
    MUST((char *)behind[63] > (char *)place);
    place[PAGE / sizeof(void *)] = site_block(SIZE);
    return 0;
}

/* What libc has behind a piece of the program's is still its own: what a block was given back with, it keeps alive no more. */
static int lose_behind_break(void)
{
    static void *volatile behind[64];
    void *volatile *freed;

    MUST(sbrk(2 * PAGE) != (void *)-1);
    for (int i = 0; i < 64; i++)
        behind[i] = malloc(8 * PAGE);
    freed = behind[32];
    freed[100] = site_block(SIZE);
    free((void *)freed);
    behind[32] = NULL;
    return 0;
}

static int keep_in_environment(void)
{
    char *text = site_block(SIZE);

    strcpy(text, "GATE_CASE=kept");
    MUST(putenv(text) == 0);
    return 0;
}

static volatile pid_t returning;

static void *return_block(void *unused)
{
    (void)unused;
    returning = gettid();
    return site_block(SIZE);
}

static int keep_as_result(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, return_block, NULL) == 0);
    wait_until_gone(&returning);
    return 0;
}

static int lose_result(void)
{
    in_thread(return_block, NULL);
    return 0;
}

static void *leave_on_stack(void *unused)
{
    void *volatile kept[1000];

    memset((void *)kept, 0, sizeof kept);
    kept[0] = site_block(SIZE);
    USE(kept);
    return unused;
}

static int lose_on_stack_of_ended_thread(void)
{
    in_thread(leave_on_stack, NULL);
    return 0;
}

SITE void site_buffered(void)
{
    static char text[] = "text";
    FILE *stream = fmemopen(text, sizeof text, "r");

    MUST(stream != NULL && fgetc(stream) == 't');
}

static int keep_in_list_of_streams(void)
{
    site_buffered();
    return 0;
}

const struct gate_case gate_cases[] = {
    {"global", keep_in_global},
    {"bss", keep_in_bss},
    {"far_in_bss", keep_far_in_bss},
    {"read_only_data", keep_in_read_only_data},
    {"plugin", keep_in_plugin},
    {"stack", keep_on_stack},
    {"stack_deep", keep_deep_on_stack},
    {"arguments", keep_in_arguments},
    {"environment", keep_in_environment},
    {"stream", keep_in_list_of_streams},
    {"stack_of_thread", keep_on_stack_of_thread},
    {"stack_without_signals", keep_on_stack_without_signals},
    {"stack_mapped", keep_on_mapped_stack},
    {"stack_on_heap", keep_on_heap_stack},
    {"stack_of_ended_thread", lose_on_stack_of_ended_thread},
    {"register", keep_in_register},
    {"register_of_main", keep_in_register_of_main},
    {"vector_register", keep_in_vector_register},
    {"red_zone", keep_in_red_zone},
    {"tls", keep_in_tls},
    {"tls_of_thread", keep_in_tls_of_thread},
    {"tls_of_ended_thread", lose_in_tls_of_ended_thread},
    {"dynamic_tls", keep_in_dynamic_tls},
    {"dynamic_tls_of_thread", keep_in_dynamic_tls_of_thread},
    {"dynamic_tls_of_ended_thread", lose_in_dynamic_tls_of_ended_thread},
    {"specific", keep_as_specific},
    {"specific_of_late_key", keep_as_specific_of_late_key},
    {"specific_of_thread", keep_as_specific_of_thread},
    {"specific_of_ended_thread", lose_as_specific_of_ended_thread},
    {"result", keep_as_result},
    {"result_joined", lose_result},
    {"suspended", keep_on_suspended_stack},
    {"suspended_on_heap", keep_on_suspended_heap_stack},
    {"suspended_register", keep_in_suspended_register},
    {"main_suspended", exit_while_main_is_suspended},
    {"alternate_stack", exit_on_alternate_stack},
    {"mapping", keep_in_mapping},
    {"mapping_shared", keep_in_shared_mapping},
    {"mapping_read_only", keep_in_read_only_mapping},
    {"unmapped", lose_in_unmapped},
    {"break", keep_in_break},
    {"between_breaks", keep_between_breaks},
    {"behind_break", lose_behind_break},
    {"unreadable", survive_unreadable_memory},
    {"behind_unreadable", keep_behind_unreadable_memory},
    {NULL, NULL},
};
