/*
 * Blocks that can and cannot be reached when the program ends: a function for each way, in which the blocks are acquired. What
 * becomes of them stands in the table of leaks.bats. The argument names how the program ends.
 */
#include "specimen.h"

#include <leaktrace/leaktrace.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct node {
    struct node *first;
    struct node *second;
    char payload[48];
};

#define PAGE 4096ul
#define KEYS 40

void *in_data[2] = {(void *)1};
void *in_bss[64];
__thread void *in_tls;
static pthread_key_t keys[KEYS];

/* Leaves nothing on the stack of what was there before. */
SITE void wipe_stack(void)
{
    volatile char room[32768];

    memset((char *)room, 0, sizeof(room));
    USE(room);
}

/* Fresh memory may hold what a list of free blocks had there, which points to other blocks; also behind what was asked for. */
static __attribute__((noipa)) void *blank(void *block)
{
    MUST(block != NULL);
    return memset(block, 0, malloc_usable_size(block));
}

static struct node *make(void)
{
    struct node *node = calloc(1, sizeof(*node));

    MUST(node != NULL);
    USE(node);
    return node;
}

/* --- leaks ---------------------------------------------------------------------------------------------------------- */

SITE void by_malloc(void)
{
    USE(blank(malloc(100)));
}

SITE void by_calloc(void)
{
    USE(calloc(10, 11));
}

SITE void by_realloc(void)
{
    USE(blank(realloc(realloc(malloc(10), 100000), 120)));
}

SITE void by_memalign(void)
{
    USE(blank(memalign(64, 130)));
    USE(blank(aligned_alloc(4096, 8192)));
}

SITE void by_strdup(void)
{
    char *text = strdup("lost");

    USE(strcpy(blank(text), "lost"));
}

SITE void of_no_bytes(void)
{
    USE(blank(malloc(0)));
}

SITE void huge(void)
{
    USE(malloc(1ul << 20));
}

SITE void huge_aligned(void)
{
    USE(memalign(1ul << 20, 1ul << 20));
}

SITE struct node *head_of_list(void)
{
    return make();
}

SITE struct node *rest_of_list(void)
{
    return make();
}

SITE void lose_list(void)
{
    struct node *head = head_of_list();

    head->first = rest_of_list();
    head->first->first = rest_of_list();
    USE(head);
}

SITE struct node *of_cycle(void)
{
    return make();
}

SITE void lose_cycle(void)
{
    struct node *nodes[3] = {of_cycle(), of_cycle(), of_cycle()};

    for (int i = 0; i < 3; i++)
        nodes[i]->first = nodes[(i + 1) % 3];
    USE(nodes);
}

SITE void points_to_itself(void)
{
    struct node *node = make();

    node->first = node;
    USE(node);
}

SITE struct node *before_cycle(void)
{
    return make();
}

SITE struct node *of_led_cycle(void)
{
    return make();
}

/* Whoever is looked at first, there is one leader: the node that nothing points to. */
SITE void lose_led_cycle(void)
{
    struct node *low = of_led_cycle(), *leader = before_cycle(), *high = of_led_cycle();

    low->first = high;
    high->first = low;
    leader->first = low;
    leader->second = high;
    USE(leader);
}

SITE struct node *of_tree(int depth)
{
    struct node *node = make();

    if (depth > 0) {
        node->first = of_tree(depth - 1);
        node->second = of_tree(depth - 1);
    }
    return node;
}

SITE void on_dead_stack(void)
{
    void *volatile here[4] = {blank(malloc(140))};

    USE(here);
}

SITE void *in_ended_thread(void *unused)
{
    void *volatile here[16];

    for (int i = 0; i < 16; i++)
        here[i] = blank(malloc(150));
    USE(here);
    return unused;
}

SITE void *returned_by_thread(void *unused)
{
    (void)unused;
    return blank(malloc(160));
}

SITE void after_free(void)
{
    struct node *holder = blank(malloc(sizeof(*holder)));

    holder->second = blank(malloc(170));
    free(holder);
}

SITE void one_behind_the_end(void)
{
    in_bss[20] = (char *)blank(malloc(192)) + 192;
}

/* Its last word is the first of the memory behind it, which the allocator knows. */
SITE void last_of_all(void)
{
    USE(blank(malloc(184)));
}

/* --- what can be reached -------------------------------------------------------------------------------------------- */

SITE void from_data(void)
{
    in_data[1] = blank(malloc(200));
}

SITE void from_bss(void)
{
    in_bss[0] = blank(malloc(210));
}

SITE void from_tls(void)
{
    in_tls = blank(malloc(220));
}

SITE void from_thread_specific_data(void)
{
    for (int i = 0; i < KEYS; i++) {
        MUST(pthread_key_create(&keys[i], NULL) == 0);
        MUST(pthread_setspecific(keys[i], blank(malloc(230))) == 0);
    }
}

SITE void from_own_mapping(void)
{
    void **page = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    MUST(page != MAP_FAILED);
    page[40 * PAGE / sizeof(*page)] = blank(malloc(240));
}

SITE void from_shared_mapping(void)
{
    void **page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    MUST(page != MAP_FAILED);
    page[3] = blank(malloc(241));
}

SITE void from_mapping_made_read_only(void)
{
    void **page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(page != MAP_FAILED);
    page[3] = blank(malloc(242));
    MUST(mprotect(page, PAGE, PROT_READ) == 0);
}

SITE void from_huge_block(void)
{
    void **block = malloc(32ul << 20);

    block[(16ul << 20) / sizeof(*block)] = blank(malloc(250));
    in_bss[1] = block;
}

SITE void from_list(void)
{
    struct node *last = make();

    in_bss[2] = last;
    for (int i = 0; i < 9; i++)
        last = last->second = make();
}

SITE void from_cycle(void)
{
    struct node *a = make(), *b = make();

    a->first = b;
    b->first = a;
    in_bss[3] = b;
}

/* In memory that the scan does not look at: a block that nothing points to. */
SITE void from_declared_root(void)
{
    void **arena = blank(malloc(4096));

    arena[7] = blank(malloc(260));
    leaktrace_root(arena, 4096);
    USE(arena);
}

SITE struct node *for_argument(void)
{
    return make();
}

SITE void *result_of_unjoined(void *argument)
{
    (void)argument;
    return blank(malloc(280));
}

SITE struct node *by_ignored(void)
{
    return make();
}

SITE void ignored(void)
{
    struct node *node;

    leaktrace_ignore_begin();
    node = make();
    leaktrace_ignore_end();
    node->first = by_ignored();
    USE(node);
}

/* --- perhaps -------------------------------------------------------------------------------------------------------- */

SITE void by_inside(void)
{
    in_bss[10] = (char *)blank(malloc(300)) + 8;
}

SITE void by_last_byte(void)
{
    in_bss[11] = (char *)blank(malloc(304)) + 303;
}

SITE struct node *behind_inside(void)
{
    return make();
}

SITE void holds_behind_inside(void)
{
    struct node *node = make();

    node->first = behind_inside();
    in_bss[12] = &node->second;
}

SITE struct node *behind_unaligned(void)
{
    return make();
}

SITE void by_tagged(void)
{
    in_bss[15] = (void *)((uintptr_t)blank(malloc(320)) | 0xfff7ul << 48);
}

SITE void by_tagged_below(void)
{
    in_bss[16] = (char *)blank(malloc(330)) + 3;
}

struct __attribute__((packed)) unaligned {
    char first;
    struct node *second;
};

SITE struct node *by_unaligned(void)
{
    return make();
}

SITE void holds_unaligned(void)
{
    struct unaligned *holder = blank(malloc(sizeof(*holder)));

    holder->second = by_unaligned();
    holder->second->first = behind_unaligned();
    in_bss[17] = holder;
}

SITE void by_inside_and_start(void)
{
    char *block = blank(malloc(310));

    in_bss[13] = block + 16;
    in_bss[14] = block;
}

/* --- threads -------------------------------------------------------------------------------------------------------- */

static sem_t ready;

static void stand_by(void)
{
    MUST(sem_post(&ready) == 0);
    for (;;)
        pause();
}

SITE void *on_stack_of_thread(void *unused)
{
    void *volatile here[2] = {blank(malloc(400))};

    in_tls = blank(malloc(410));
    USE(here);
    stand_by();
    USE(here[0]);
    return unused;
}

SITE void *in_register_of_thread(void *unused)
{
    register void *block __asm__("r12") = blank(malloc(420));

    __asm__ volatile("" : "+r"(block));
    MUST(sem_post(&ready) == 0);
    for (;;)
        __asm__ volatile("pause" : "+r"(block));
    return unused;
}

SITE void *in_vector_register_of_thread(void *unused)
{
    void *block = blank(malloc(421));

    __asm__ volatile("movq %0, %%xmm9" : : "r"(block));
    block = NULL;
    MUST(sem_post(&ready) == 0);
    for (;;)
        __asm__ volatile("pause");
    return unused;
}

SITE void *with_all_signals_blocked(void *unused)
{
    void *volatile here[2] = {blank(malloc(430))};
    sigset_t all;

    USE(here);
    sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
    stand_by();
    return unused;
}

static ucontext_t suspended, resumed;

SITE void run_in_context(void)
{
    void *volatile here[2] = {blank(malloc(450))};

    USE(here);
    MUST(swapcontext(&suspended, &resumed) == 0);
    USE(here[0]);
}

SITE void on_suspended_stack(void)
{
    MUST(getcontext(&suspended) == 0);
    suspended.uc_stack.ss_sp = malloc(65536);
    suspended.uc_stack.ss_size = 65536;
    suspended.uc_link = &resumed;
    makecontext(&suspended, run_in_context, 0);
    MUST(swapcontext(&resumed, &suspended) == 0);
}

static void start(void *(*routine)(void *), void *argument)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, routine, argument) == 0);
    MUST(sem_wait(&ready) == 0);
}

static void run(void *(*routine)(void *))
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, routine, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static void *waits(void *argument)
{
    (void)argument;
    stand_by();
    return NULL;
}

/* --- the program ---------------------------------------------------------------------------------------------------- */

SITE void lose(void)
{
    by_malloc();
    by_calloc();
    by_realloc();
    by_memalign();
    by_strdup();
    of_no_bytes();
    huge();
    huge_aligned();
    lose_list();
    lose_cycle();
    points_to_itself();
    lose_led_cycle();
    of_tree(3);
    on_dead_stack();
    after_free();
    one_behind_the_end();
}

SITE void keep(void)
{
    from_data();
    from_bss();
    from_tls();
    from_thread_specific_data();
    from_own_mapping();
    from_shared_mapping();
    from_mapping_made_read_only();
    from_huge_block();
    from_list();
    from_cycle();
    from_declared_root();
    ignored();
    by_inside();
    by_last_byte();
    holds_behind_inside();
    by_tagged();
    by_tagged_below();
    holds_unaligned();
    by_inside_and_start();
    on_suspended_stack();
}

SITE void use_threads(void)
{
    MUST(sem_init(&ready, 0, 0) == 0);
    for (int i = 0; i < 3; i++)
        run(in_ended_thread);
    run(returned_by_thread);
    start(on_stack_of_thread, NULL);
    start(in_register_of_thread, NULL);
    start(in_vector_register_of_thread, NULL);
    start(with_all_signals_blocked, NULL);
    start(waits, for_argument());
    MUST(pthread_create(&(pthread_t){0}, NULL, result_of_unjoined, NULL) == 0);
    usleep(100000);
}

/* When main has returned, what it had is lost, though it still lies where it was; as long as exit has not returned, it is not.
 */
SITE void *of_main(void)
{
    return blank(malloc(510));
}

SITE int end(const char *how)
{
    void *volatile here[2] = {blank(malloc(500))};

    USE(here);
    if (strcmp(how, "exit") == 0)
        exit(7);
    if (strcmp(how, "_exit") == 0)
        _exit(7);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(7);
    if (strcmp(how, "signal") == 0)
        raise(SIGTERM);
    USE(here[0]);
    return 7;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "return";
    void *volatile here[40];

    keep();
    lose();
    wipe_stack();
    if (argc > 2 && strcmp(argv[2], "threads") == 0)
        use_threads();
    for (int i = 0; i < 40; i++)
        here[i] = of_main();
    USE(here);
    last_of_all();
    wipe_stack();
    return end(how);
}
