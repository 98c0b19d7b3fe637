/*
 * For the gate: does what its arguments say, one after the other.
 *
 *   heap fd std unjoined running   leaks 3 blocks, a descriptor, ... ; std opens onto standard input, which is no leak
 *   keep                           a block that is still pointed to
 *   more                           5 blocks at the site of heap
 *   fork, many=N                   the rest in a child, or in each of N, which are waited for
 *   loop=leak, loop=cache          5 rounds after the mark, each with a dump
 *   serve=FILE                     writes its number to FILE; SIGHUP is work to be done, SIGTERM ends it
 *   exit=N, kill=N, mute           ends with that status, by that signal; closes standard error
 */
#include "specimen.h"

#include <leaktrace/leaktrace.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 64

struct item {
    struct item *next;
    char data[40];
};

static struct item *kept, *slots[SLOTS];
static unsigned turn;

SITE void lose_blocks(int n);
SITE void lose_descriptor(void);
SITE void open_standard_input(void);
SITE void keep_item(void);
SITE void fill_cache(void);
SITE void start_thread(void *(*routine)(void *));

void lose_blocks(int n)
{
    for (int i = 0; i < n; i++)
        USE(malloc(32));
}

void lose_descriptor(void)
{
    MUST(open("/dev/null", O_RDONLY) > 2);
}

void open_standard_input(void)
{
    close(0);
    MUST(open("/dev/null", O_RDONLY) == 0);
}

void keep_item(void)
{
    struct item *item = malloc(sizeof(*item));

    item->next = kept;
    kept = item;
}

void fill_cache(void)
{
    for (int i = 0; i < SLOTS / 2; i++, turn++)
        if (slots[turn % SLOTS] == NULL)
            slots[turn % SLOTS] = malloc(sizeof(struct item));
}

static void *end_at_once(void *unused)
{
    return unused;
}

static void *never_end(void *unused)
{
    for (;;)
        pause();
    return unused;
}

void start_thread(void *(*routine)(void *))
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, routine, NULL) == 0);
    if (routine == end_at_once)
        usleep(200000);
}

static void wait_for_children(void)
{
    while (wait(NULL) > 0)
        ;
}

/* In the child the caller goes on with the rest. */
static void make_children(int n)
{
    while (n-- > 0)
        if (fork() == 0)
            return;
    wait_for_children();
    exit(0);
}

static void loop(bool leak)
{
    for (int i = 0; i < 4; i++)
        leak ? keep_item() : fill_cache();
    leaktrace_mark();
    for (int i = 0; i < 5; i++) {
        leak ? keep_item() : fill_cache();
        leaktrace_dump("round");
    }
}

static void serve(const char *path)
{
    FILE *out = fopen(path, "w");
    sigset_t awaited;
    int sig;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGHUP);
    sigaddset(&awaited, SIGTERM);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    fprintf(out, "%d\n", (int)getpid());
    fclose(out);
    while (sigwait(&awaited, &sig) == 0 && sig == SIGHUP) {
        keep_item();
        fill_cache();
    }
}

static void do_word(const char *word, const char *argument)
{
    if (strcmp(word, "heap") == 0)
        lose_blocks(3);
    else if (strcmp(word, "more") == 0)
        lose_blocks(5);
    else if (strcmp(word, "fd") == 0)
        lose_descriptor();
    else if (strcmp(word, "std") == 0)
        open_standard_input();
    else if (strcmp(word, "keep") == 0)
        keep_item();
    else if (strcmp(word, "unjoined") == 0)
        start_thread(end_at_once);
    else if (strcmp(word, "running") == 0)
        start_thread(never_end);
    else if (strcmp(word, "fork") == 0)
        make_children(1);
    else if (strncmp(word, "many=", 5) == 0)
        make_children(atoi(argument));
    else if (strncmp(word, "loop=", 5) == 0)
        loop(strcmp(argument, "leak") == 0);
    else if (strncmp(word, "serve=", 6) == 0)
        serve(argument);
    else if (strncmp(word, "exit=", 5) == 0)
        exit(atoi(argument));
    else if (strncmp(word, "kill=", 5) == 0)
        kill(getpid(), atoi(argument));
    else
        MUST(strcmp(word, "mute") == 0 && fclose(stderr) == 0);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        do_word(argv[i], argv[i] + strcspn(argv[i], "=") + 1);
    return 0;
}
