/* What a user's project is, for the integrations of the gate: "lose" loses a block, "open" a descriptor; else nothing leaks. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void *volatile last;

__attribute__((noinline)) void lose_block(void)
{
    last = malloc(100);
    last = NULL;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "lose") == 0)
            lose_block();
        else if (strcmp(argv[i], "open") == 0 && open("/dev/null", O_RDONLY) < 0)
            return 1;
    }
    return 0;
}
