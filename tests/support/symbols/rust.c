/* Functions with the names that rustc gives, in both of its manglings. */
#include <stdlib.h>

void *rust_new(size_t size) __asm__("_RNvMs_NtCs1234_5store6bucketNtB4_6Bucket3new");
void *rust_grow(size_t size) __asm__("_RINvNtCs1234_5store6bucket4growjEB4_");
void rust_fill(int count) __asm__("_ZN5store6bucket6Bucket4fill17h0123456789abcdefE");
void rust_closure(int count) __asm__("_ZN5store4main28_$u7b$$u7b$closure$u7d$$u7d$17hfedcba9876543210E");

static void *volatile kept;

__attribute__((noinline)) void *rust_new(size_t size)
{
    void *block = malloc(size);

    kept = block;
    return block;
}

__attribute__((noinline)) void *rust_grow(size_t size)
{
    void *block = rust_new(2 * size);

    kept = NULL;
    return block;
}

__attribute__((noinline)) void rust_fill(int count)
{
    for (int i = 0; i < count; i++)
        kept = rust_grow(64);
}

__attribute__((noinline)) void rust_closure(int count)
{
    rust_fill(count);
    kept = NULL;
}

int main(int argc, char **argv)
{
    (void)argv;
    rust_closure(argc + 2);
    return 0;
}
