/* Leaks 3 blocks of 100 bytes through the library, and 2 of 50 in a function with a name beyond ASCII. */
#include <stdio.h>
#include <stdlib.h>

#include <leaktrace/leaktrace.h>

void *shelf_put(size_t size);

static void *volatile kept;

__attribute__((noinline, noclone)) static void stock_shelf(int count)
{
    for (int i = 0; i < count; i++)
        kept = shelf_put(100);
}

__attribute__((noinline, noclone)) static void größe_nehmen(int count)
{
    for (int i = 0; i < count; i++)
        kept = malloc(50);
}

/* Works once; and once more behind a dump for each character on standard input. */
int main(void)
{
    for (;;) {
        stock_shelf(3);
        größe_nehmen(2);
        putchar('.');
        fflush(stdout);
        if (getchar() == EOF)
            return 0;
        leaktrace_dump("asked");
    }
}
