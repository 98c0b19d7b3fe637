/* endings HOW [PLUGIN]: says "ready", waits for a line, and ends or is ended so; a second thread does as HOW says.

     _exit, exit, quick_exit   by that call, with status 32; the second thread waits
     users                     the second thread changes its user, to the same, again and again; the first waits for a signal
     loads                     the first thread stays in the constructor of PLUGIN, which waits for a signal
     forks                     by exit, with status 32; meanwhile, when the next line comes, the second thread forks a child, which
                               keeps three blocks and ends by _exit, with status 5
 */
#include "specimen.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_ending;

SITE void keeps_three(void)
{
    for (int i = 0; i < 3; i++)
        USE(malloc(50));
}

static void say(const char *line)
{
    MUST(write(STDOUT_FILENO, line, strlen(line)) == (ssize_t)strlen(line));
}

static void wait_for_line(void)
{
    char c = '\0';

    while (c != '\n')
        MUST(read(STDIN_FILENO, &c, 1) == 1);
}

static void *waits(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *changes_user(void *unused)
{
    while (setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1) == 0)
        continue;
    return unused;
}

static void *forks(void *unused)
{
    int status;
    pid_t child;

    while (!__atomic_load_n(&is_ending, __ATOMIC_ACQUIRE))
        usleep(1000);
    wait_for_line();
    child = fork();
    if (child == 0) {
        keeps_three();
        _exit(5);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
    say("child has ended\n");
    return waits(unused);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    const char *how;

    MUST(argc >= 2);
    how = argv[1];
    keeps_three();
    MUST(pthread_create(&thread, NULL,
                        strcmp(how, "users") == 0   ? changes_user
                        : strcmp(how, "forks") == 0 ? forks
                                                    : waits,
                        NULL) == 0);
    say("ready\n");
    wait_for_line();
    __atomic_store_n(&is_ending, 1, __ATOMIC_RELEASE);
    if (strcmp(how, "_exit") == 0)
        _exit(32);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(32);
    if (strcmp(how, "exit") == 0 || strcmp(how, "forks") == 0)
        exit(32);
    if (strcmp(how, "loads") == 0)
        MUST(argc == 3 && dlopen(argv[2], RTLD_NOW) != NULL);
    say("waits\n");
    waits(NULL);
    return 1;
}
