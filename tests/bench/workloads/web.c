/* web BLOCKS: makes so many live blocks of some 200 bytes, each with pointers to four others, anywhere, and to the one made
   before; one in 1000 is lost with what only it leads to. Ends then, so that it is looked for what can still be reached. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTERS = 4 };

struct node {
    struct node *before;
    struct node *others[POINTERS];
    long payload[19];
};

static struct node *newest;

static uint64_t next_random(void)
{
    static uint64_t state = 42;
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int main(int argc, char **argv)
{
    long blocks = argc == 2 ? atol(argv[1]) : 0;
    struct node **made = malloc((size_t)blocks * sizeof(*made));

    for (long i = 0; i < blocks; i++) {
        struct node *node = calloc(1, sizeof(*node));

        if (made == NULL || node == NULL)
            return 1;
        made[i] = node;
        for (int j = 0; j < POINTERS; j++)
            node->others[j] = made[next_random() % (uint64_t)(i + 1)];
        for (unsigned j = 0; j < sizeof(node->payload) / sizeof(node->payload[0]); j++)
            node->payload[j] = (long)(next_random() >> 20);
        if (i % 1000 != 999) {
            node->before = newest;
            newest = node;
        }
    }
    free(made);
    return 0;
}
