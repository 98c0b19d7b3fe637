/* Children: by vfork, which do to their descriptors what shells do; by fork, which go on by themselves. Prints "child PID" for the
   latter. The truth stands in exact.bats. */
#include "inherited.h"
#include "specimen.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void expect_exit(pid_t child, int code)
{
    int status;

    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

SITE void in_child_of_vfork(int fd)
{
    close(fd);
    dup2(0, fd + 1);
    dup2(0, 200);
    close_range(fd, 100, 0);
    closefrom(150);
    open("/dev/null", O_RDONLY);
}

SITE void by_vfork(void)
{
    int fd = use(open("/dev/null", O_RDWR));
    char *arguments[] = {"true", NULL};
    pid_t child = vfork();

    if (child == 0) {
        in_child_of_vfork(fd);
        execve("/bin/true", arguments, environ);
        _exit(1);
    }
    expect_exit(child, 0);
    child = vfork();
    if (child == 0) {
        in_child_of_vfork(fd);
        _exit(7);
    }
    expect_exit(child, 7);
}

SITE void by_spawn(void)
{
    posix_spawn_file_actions_t actions;
    char *arguments[] = {"true", NULL};
    pid_t child;

    MUST(posix_spawn_file_actions_init(&actions) == 0);
    MUST(posix_spawn_file_actions_addclose(&actions, 0) == 0);
    MUST(posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ) == 0);
    expect_exit(child, 0);
    MUST(system("exit 4") == 4 << 8);
    MUST(posix_spawn_file_actions_destroy(&actions) == 0);
}

SITE void in_child_of_fork(void)
{
    for (int i = 0; i < 5; i++)
        free(blocks[i]);
    for (int i = 0; i < 3; i++)
        USE(malloc(77));
    use(open("/dev/null", O_RDONLY));
    close(use(open("/dev/null", O_RDONLY)));
}

SITE void by_fork(void)
{
    pid_t child = fork();

    MUST(child >= 0);
    if (child == 0) {
        in_child_of_fork();
        exit(3);
    }
    expect_exit(child, 3);
    printf("child %d\n", child);
}

SITE void after_children(void)
{
    free(blocks[19]);
    USE(malloc(11));
    use(open("/dev/null", O_RDONLY));
}

int main(void)
{
    before_children();
    by_vfork();
    by_spawn();
    by_fork();
    after_children();
    return 0;
}
