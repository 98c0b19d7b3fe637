/* main of every family, and what case.h promises. */
#include "case.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#define SCRUBBED 65536

char **case_command;

static sem_t is_held;

/* Before all other constructors: theirs are cases too. */
__attribute__((constructor(101))) static void read_arguments(int argc, char **argv)
{
    MUST(argc == 2);
    case_command = argv;
}

int case_is(const char *name)
{
    return strcmp(case_command[1], name) == 0;
}

static void clear_vector_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::: "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                         "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile("vpxorq %%zmm16, %%zmm16, %%zmm16\n vpxorq %%zmm17, %%zmm17, %%zmm17\n vpxorq %%zmm18, %%zmm18, %%zmm18\n"
                         "vpxorq %%zmm19, %%zmm19, %%zmm19\n vpxorq %%zmm20, %%zmm20, %%zmm20\n vpxorq %%zmm21, %%zmm21, %%zmm21\n"
                         "vpxorq %%zmm22, %%zmm22, %%zmm22\n vpxorq %%zmm23, %%zmm23, %%zmm23\n vpxorq %%zmm24, %%zmm24, %%zmm24\n"
                         "vpxorq %%zmm25, %%zmm25, %%zmm25\n vpxorq %%zmm26, %%zmm26, %%zmm26\n vpxorq %%zmm27, %%zmm27, %%zmm27\n"
                         "vpxorq %%zmm28, %%zmm28, %%zmm28\n vpxorq %%zmm29, %%zmm29, %%zmm29\n vpxorq %%zmm30, %%zmm30, %%zmm30\n"
                         "vpxorq %%zmm31, %%zmm31, %%zmm31" ::: "memory");
}

__attribute__((noipa)) void scrub(void)
{
    char dead[SCRUBBED];

    memset(dead, 0, sizeof dead);
    USE(dead);
    __asm__ volatile("xor %%eax, %%eax\n xor %%ecx, %%ecx\n xor %%edx, %%edx\n xor %%esi, %%esi\n xor %%edi, %%edi\n"
                     "xor %%r8d, %%r8d\n xor %%r9d, %%r9d\n xor %%r10d, %%r10d\n xor %%r11d, %%r11d" :::
                     "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    clear_vector_registers();
}

SITE void *site_block(size_t size)
{
    void *block = malloc(size);

    MUST(block != NULL);
    return block;
}

void held(void)
{
    scrub();
    MUST(sem_post(&is_held) == 0);
    for (;;)
        pause();
}

static void start_and_wait(const pthread_attr_t *attributes, void *(*hold)(void *), void *argument)
{
    pthread_t thread;

    MUST(sem_init(&is_held, 0, 0) == 0 && pthread_create(&thread, attributes, hold, argument) == 0);
    while (sem_wait(&is_held) != 0)
        continue;
}

void hold_in_thread(void *(*hold)(void *), void *argument)
{
    start_and_wait(NULL, hold, argument);
}

void hold_on_stack(void *(*hold)(void *), void *stack, size_t size)
{
    pthread_attr_t attributes;

    MUST(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, size) == 0);
    start_and_wait(&attributes, hold, NULL);
}

void wait_until_gone(const volatile pid_t *thread)
{
    char path[40];

    do {
        usleep(1000);
        snprintf(path, sizeof path, "/proc/self/task/%d", (int)*thread);
    } while (*thread == 0 || access(path, F_OK) == 0);
}

void in_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, run, argument) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void)
{
    const struct gate_case *wanted = gate_cases;
    int status;

    while (wanted->name != NULL && !case_is(wanted->name))
        wanted++;
    MUST(wanted->name != NULL);
    status = wanted->run();
    scrub();
    return status;
}
