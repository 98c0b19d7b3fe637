/* Leaks wherever code can run: before main, after it, in threads, children, handlers, callbacks, and in code that is gone at the end. */
#include "case.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIZE 100
#define STACK 262144

static void *volatile kept;
static volatile uintptr_t hidden_until_exit;

SITE void site_lost(void)
{
    for (int i = 0; i < 2; i++)
        USE(malloc(SIZE));
}

SITE void site_lost_in_child(void)
{
    site_lost();
}

__attribute__((constructor(200))) static void lose_before_main(void)
{
    if (case_is("constructor"))
        site_lost();
}

__attribute__((destructor)) static void lose_after_main(void)
{
    if (case_is("destructor"))
        site_lost();
    if (case_is("kept_until_destructor"))
        free(kept);
}

static int nothing(void)
{
    return 0;
}

static void free_hidden(void)
{
    free(unhidden(hidden_until_exit));
}

static int free_at_exit(void)
{
    hidden_until_exit = hidden(site_block(SIZE));
    return atexit(free_hidden);
}

static int keep_until_destructor(void)
{
    kept = site_block(SIZE);
    return 0;
}

static int lose_at_exit(void)
{
    return atexit(site_lost);
}

static volatile pid_t losing;

static void *lose_in_thread(void *unused)
{
    losing = gettid();
    site_lost();
    return unused;
}

static int lose_in_joined_thread(void)
{
    in_thread(lose_in_thread, NULL);
    return 0;
}

static int lose_in_detached_thread(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    MUST(pthread_attr_init(&attributes) == 0 && pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    MUST(pthread_create(&thread, &attributes, lose_in_thread, NULL) == 0);
    wait_until_gone(&losing);
    return 0;
}

static void *lose_and_hold(void *unused)
{
    site_lost();
    held();
    return unused;
}

static int lose_in_running_thread(void)
{
    hold_in_thread(lose_and_hold, NULL);
    return 0;
}

/* One after the other: they get the same stack and the same arena. */
static int lose_in_many_threads(void)
{
    for (int i = 0; i < 50; i++)
        in_thread(lose_in_thread, NULL);
    return 0;
}

static void lose_specific(void *value)
{
    (void)value;
    site_lost();
}

static void *set_specific(void *key)
{
    pthread_setspecific(*(pthread_key_t *)key, key);
    return NULL;
}

static int lose_in_destructor_of_thread(void)
{
    static pthread_key_t key;

    MUST(pthread_key_create(&key, lose_specific) == 0);
    in_thread(set_specific, &key);
    return 0;
}

static int lose_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, site_lost);
}

static int compare(const void *a, const void *b)
{
    static int first = 1;

    if (first)
        site_lost();
    first = 0;
    return *(const int *)a - *(const int *)b;
}

static int lose_in_callback(void)
{
    int numbers[] = {3, 1, 2};

    qsort(numbers, 3, sizeof numbers[0], compare);
    return 0;
}

static void handle(int sig)
{
    (void)sig;
    site_lost();
}

static int lose_in_handler(void)
{
    MUST(signal(SIGUSR1, handle) != SIG_ERR);
    return raise(SIGUSR1);
}

static int lose_in_handler_on_alternate_stack(void)
{
    static char alternate[STACK];
    const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};

    MUST(sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    memset(alternate, 0, sizeof alternate);
    return 0;
}

static void lose_at_timer(union sigval unused)
{
    (void)unused;
    site_lost();
    losing = gettid();
}

static int lose_in_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = lose_at_timer};
    const struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
    timer_t timer;

    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &soon, NULL) == 0);
    wait_until_gone(&losing);
    return timer_delete(timer);
}

static ucontext_t main_context, other_context;

static int lose_in_context(void)
{
    char *stack = malloc(STACK);

    MUST(stack != NULL && getcontext(&other_context) == 0);
    other_context.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK};
    other_context.uc_link = &main_context;
    makecontext(&other_context, site_lost, 0);
    MUST(swapcontext(&main_context, &other_context) == 0);
    free(stack);
    return 0;
}

static int lose_over_longjmp(void)
{
    static jmp_buf before;

    if (setjmp(before) == 0) {
        void *volatile block = site_block(SIZE);
        USE(&block);
        scrub();
        longjmp(before, 1);
    }
    memset(before, 0, sizeof before);
    return 0;
}

static __attribute__((noipa)) int lose_deep(int depth)
{
    int below = 0;

    if (depth > 0)
        below = lose_deep(depth - 1) + 1;
    else
        site_lost();
    __asm__ volatile("" : "+r"(below));
    return below;
}

static int lose_in_deep_recursion(void)
{
    return lose_deep(1000) - 1000;
}

static void *plugin(void)
{
    void *handle = dlopen("plugin.so", RTLD_NOW);

    MUST(handle != NULL);
    return handle;
}

/* The site's code is gone when the process ends. */
static int lose_in_closed_plugin(void)
{
    void *handle = plugin();
    void (*lose)(void);

    *(void **)&lose = dlsym(handle, "site_of_plugin");
    MUST(lose != NULL);
    lose();
    MUST(dlclose(handle) == 0 && dlopen("plugin.so", RTLD_NOW | RTLD_NOLOAD) == NULL);
    return 0;
}

/* The only pointer is in the memory of what is gone. */
static int lose_with_closed_plugin(const char *how)
{
    void *handle = plugin();
    void (*keep)(void *);

    *(void **)&keep = dlsym(handle, how);
    MUST(keep != NULL);
    keep(site_block(SIZE));
    MUST(dlclose(handle) == 0 && dlopen("plugin.so", RTLD_NOW | RTLD_NOLOAD) == NULL);
    return 0;
}

static int lose_with_data_of_closed_plugin(void)
{
    return lose_with_closed_plugin("keep_in_plugin");
}

static int lose_with_tls_of_closed_plugin(void)
{
    return lose_with_closed_plugin("keep_in_dynamic_tls");
}

static int leave_closed_plugins(void)
{
    for (int i = 0; i < 10; i++)
        MUST(dlclose(plugin()) == 0);
    return 0;
}

/* Waits for a child that ends well. */
static int wait_for(pid_t child)
{
    int status;

    MUST(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static int lose_in_child(void)
{
    pid_t child = fork();

    if (child == 0) {
        site_lost_in_child();
        scrub();
        exit(0);
    }
    return wait_for(child);
}

static int lose_in_child_that_leaves_at_once(void)
{
    pid_t child = fork();

    if (child == 0) {
        site_lost_in_child();
        scrub();
        _exit(0);
    }
    return wait_for(child);
}

static int lose_in_grandchild(void)
{
    pid_t child = fork();

    if (child == 0)
        exit(lose_in_child());
    return wait_for(child);
}

static int lose_in_three_children(void)
{
    int status = 0;

    for (int i = 0; i < 3; i++)
        status |= lose_in_child();
    return status;
}

/* What is lost before is lost once, by the parent alone. */
static int lose_before_fork(void)
{
    pid_t child;

    site_lost();
    scrub();
    child = fork();
    if (child == 0)
        exit(0);
    return wait_for(child);
}

static int free_after_fork(void)
{
    void *block = site_block(SIZE);
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    free(block);
    return wait_for(child);
}

/* The parent's other threads are not in the child, but what they hold is no leak of the child's. */
static void *hold_block(void *unused)
{
    void *volatile block = site_block(SIZE);

    USE(&block);
    held();
    return unused;
}

static int fork_beside_thread(void)
{
    pid_t child;

    hold_in_thread(hold_block, NULL);
    child = fork();
    if (child == 0)
        exit(0);
    return wait_for(child);
}

static char *const again[] = {(char *)"places", (char *)"lost", NULL};

static int lose_in_executed_child(void)
{
    pid_t child = fork();

    if (child == 0) {
        execv(case_command[0], again);
        _exit(99);
    }
    return wait_for(child);
}

static int lose_in_vforked_child(void)
{
    pid_t child = vfork();

    if (child == 0) {
        execv(case_command[0], again);
        _exit(99);
    }
    return wait_for(child);
}

static int lose_in_spawned_child(void)
{
    char *const environment[] = {NULL};
    pid_t child;

    MUST(posix_spawn(&child, case_command[0], NULL, NULL, again, environment) == 0);
    return wait_for(child);
}

/* exec takes all memory back; what is left is what the new program does. */
static int lose_before_exec(void)
{
    site_lost();
    execv(case_command[0], (char *const[]){(char *)"places", (char *)"nothing", NULL});
    return 99;
}

static int lose(void)
{
    site_lost();
    return 0;
}

const struct gate_case gate_cases[] = {
    {"nothing", nothing},
    {"lost", lose},
    {"constructor", nothing},
    {"destructor", nothing},
    {"at_exit", lose_at_exit},
    {"freed_at_exit", free_at_exit},
    {"kept_until_destructor", keep_until_destructor},
    {"joined_thread", lose_in_joined_thread},
    {"detached_thread", lose_in_detached_thread},
    {"running_thread", lose_in_running_thread},
    {"many_threads", lose_in_many_threads},
    {"destructor_of_thread", lose_in_destructor_of_thread},
    {"once", lose_once},
    {"callback", lose_in_callback},
    {"handler", lose_in_handler},
    {"handler_on_alternate_stack", lose_in_handler_on_alternate_stack},
    {"timer", lose_in_timer},
    {"context", lose_in_context},
    {"longjmp", lose_over_longjmp},
    {"deep_recursion", lose_in_deep_recursion},
    {"closed_plugin", lose_in_closed_plugin},
    {"data_of_closed_plugin", lose_with_data_of_closed_plugin},
    {"tls_of_closed_plugin", lose_with_tls_of_closed_plugin},
    {"closed_plugins", leave_closed_plugins},
    {"child", lose_in_child},
    {"child_at_once", lose_in_child_that_leaves_at_once},
    {"grandchild", lose_in_grandchild},
    {"three_children", lose_in_three_children},
    {"before_fork", lose_before_fork},
    {"freed_after_fork", free_after_fork},
    {"fork_beside_thread", fork_beside_thread},
    {"executed_child", lose_in_executed_child},
    {"vforked_child", lose_in_vforked_child},
    {"spawned_child", lose_in_spawned_child},
    {"before_exec", lose_before_exec},
    {NULL, NULL},
};
