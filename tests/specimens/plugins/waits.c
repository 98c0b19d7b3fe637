/* A plugin whose constructor never comes back. */
#include <unistd.h>

__attribute__((constructor)) static void construct(void)
{
    static const char line[] = "waits in the constructor\n";

    if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0)
        return;
    for (;;)
        pause();
}
