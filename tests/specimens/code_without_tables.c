/* code_without_tables ROUNDS: makes functions as a just-in-time compiler does, in memory without unwind tables, again and again
   at the same address. Each calls a function of this program, which allocates; prints how many blocks were asked for. */
#include "specimen.h"

#include <string.h>
#include <sys/mman.h>

#define PAGE 4096

typedef void called(void);
typedef void made(called *function, size_t garbage);

static unsigned blocks;

SITE void allocates(void)
{
    free(malloc(40));
    blocks++;
    __asm__ volatile("");
}

SITE void allocates_below(void)
{
    allocates();
    __asm__ volatile("");
}

/* void made(called *function, size_t garbage): with a frame of its own, rbp as it is, moved, or overwritten. */
static const unsigned char codes[][24] = {
    {0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3}, /* sub $8,%rsp; call *%rdi; add $8,%rsp; ret */
    {0x48, 0x83, 0xec, 0x48, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x48, 0xc3}, /* the same with 72 bytes */
    {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3}, /* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
    {0x55, 0x48, 0x89, 0xf5, 0xff, 0xd7, 0x5d, 0xc3}, /* push %rbp; mov %rsi,%rbp; call *%rdi; pop %rbp; ret */
    {0x55, 0x48, 0x89, 0xf5, 0x56, 0x56, 0xff, 0xd7, 0x5e, 0x5e, 0x5d, 0xc3}, /* the same, with rsi on the stack twice */
};

#define CODES (sizeof(codes) / sizeof(codes[0]))

SITE void runs(made *function, size_t garbage)
{
    function(allocates, garbage);
    function(allocates_below, garbage);
    __asm__ volatile("");
}

int main(int argc, char **argv)
{
    void *page = NULL;

    MUST(argc == 2);
    for (int i = 0; i < atoi(argv[1]); i++) {
        size_t garbage = i % 3 == 0 ? (size_t)&page : (size_t)i << (i % 61);
        void *place =
            mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (page == NULL ? 0 : MAP_FIXED), -1, 0);

        MUST(place != MAP_FAILED);
        page = place;
        memcpy(page, codes[(size_t)i % CODES], sizeof(codes[0]));
        MUST(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
        runs((made *)page, garbage);
        runs((made *)page, garbage ^ 8);
    }
    printf("blocks %u\n", blocks);
    return 0;
}
