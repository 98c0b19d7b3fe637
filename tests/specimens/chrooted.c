/* Opens three descriptors, moves to the empty folder ARGV[1] for its root, and opens two more by dup. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void open_before(void)
{
    for (int i = 0; i < 3; i++)
        if (open("/dev/null", O_RDONLY) < 0)
            exit(1);
}

static void open_behind(void)
{
    for (int i = 0; i < 2; i++)
        if (dup(0) < 0)
            exit(1);
}

int main(int argc, char **argv)
{
    open_before();
    if (argc != 2 || chroot(argv[1]) != 0 || chdir("/") != 0)
        return 2;
    open_behind();
    return 0;
}
