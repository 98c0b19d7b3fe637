/* What counts as a pointer, and how blocks that point to blocks are classed. */
#include "case.h"

#include <malloc.h>
#include <string.h>

#define SIZE 100
#define DEAD 400000

struct node {
    struct node *next, *before;
    long value[2];
};

struct tree {
    struct tree *left, *right;
};

/* Lists whose pointers are not to the start of the blocks. */
struct embedded {
    long value[2];
    struct embedded_link {
        struct embedded_link *next;
    } link;
};

static void *volatile kept;
static void *volatile kept_too;
static volatile uintptr_t hidden_number;

static volatile struct __attribute__((packed)) {
    char before;
    void *block;
} packed __attribute__((aligned(16)));

SITE void *site_head(size_t size)
{
    return calloc(1, size);
}

SITE void *site_node(size_t size)
{
    return calloc(1, size);
}

SITE void *site_leaf(size_t size)
{
    return calloc(1, size);
}

static int keep_interior(void)
{
    kept = (char *)site_block(SIZE) + 50;
    return 0;
}

static int keep_last_byte(void)
{
    kept = (char *)site_block(SIZE) + SIZE - 1;
    return 0;
}

static int keep_interior_of_huge(void)
{
    kept = (char *)site_block((size_t)1 << 29) + ((size_t)1 << 28);
    return 0;
}

static int keep_unaligned(void)
{
    packed.block = site_block(SIZE);
    return 0;
}

static int keep_tagged_above(void)
{
    kept = (void *)((uintptr_t)site_block(SIZE) | (uintptr_t)0x2a << 56);
    return 0;
}

static int keep_tagged_below(void)
{
    kept = (void *)((uintptr_t)site_block(SIZE) | 1);
    return 0;
}

static int lose_hidden(void)
{
    hidden_number = hidden(site_block(SIZE));
    return 0;
}

static int lose_self_pointing(void)
{
    void **block = site_block(SIZE);

    block[0] = block;
    block[5] = block + 5;
    return 0;
}

/* Through the start of a block of many MiB that is mostly never touched. */
static int keep_in_huge(void)
{
    void *volatile *block = calloc(1, (size_t)1 << 28);

    MUST(block != NULL);
    block[((size_t)1 << 28) / sizeof(void *) - 1] = site_block(SIZE);
    kept = (void *)block;
    return 0;
}

/* Programs that ask how large the block really is may use all of it. */
static int keep_in_spare_bytes(void)
{
    char *block = site_head(SIZE - 4);

    MUST(malloc_usable_size(block) >= SIZE + 4);
    *(void **)(block + SIZE - 4) = site_block(SIZE);
    kept = block;
    return 0;
}

/* In a ring of the last four, each points to the next. */
static struct node *list_of(int count, int ring)
{
    struct node *head = site_head(sizeof *head), *last = head, *entry = NULL;

    for (int i = 1; i < count; i++) {
        last->next = site_node(sizeof *last);
        last = last->next;
        if (i == count - 4)
            entry = last;
    }
    if (ring)
        last->next = entry;
    return head;
}

static int lose_list(void)
{
    list_of(100, 0);
    return 0;
}

static int keep_list(void)
{
    kept = list_of(100, 0);
    return 0;
}

static int lose_long_list(void)
{
    list_of(1000000, 0);
    return 0;
}

static int keep_long_list(void)
{
    kept = list_of(1000000, 0);
    return 0;
}

static int lose_list_into_ring(void)
{
    list_of(10, 1);
    return 0;
}

static int keep_end_of_list(void)
{
    struct node *node = list_of(10, 0);

    for (int i = 0; i < 5; i++)
        node = node->next;
    kept = node;
    return 0;
}

static struct node *ring_of(int count)
{
    struct node *first = site_node(sizeof *first), *last = first;

    for (int i = 1; i < count; i++) {
        struct node *node = site_node(sizeof *node);
        node->before = last;
        last = last->next = node;
    }
    last->next = first;
    first->before = last;
    return first;
}

static int lose_pair(void)
{
    ring_of(2);
    return 0;
}

static int lose_ring(void)
{
    ring_of(10);
    return 0;
}

static int keep_ring(void)
{
    kept = ring_of(10);
    return 0;
}

static int lose_ring_with_leaf(void)
{
    ((struct node *)ring_of(10)->next)->value[0] = (long)site_leaf(50);
    return 0;
}

static int lose_two_rings(void)
{
    ring_of(3);
    ring_of(4);
    return 0;
}

/* A ring that another one points into: its own is indirect. */
static int lose_ring_behind_ring(void)
{
    struct node *first = site_head(sizeof *first), *second = site_head(sizeof *first);

    first->next = second;
    second->next = first;
    second->value[0] = (long)ring_of(3);
    return 0;
}

static struct tree *tree_of(int depth, void *(*acquire)(size_t))
{
    struct tree *tree;

    if (depth == 0)
        return NULL;
    tree = acquire(sizeof *tree);
    tree->left = tree_of(depth - 1, site_node);
    tree->right = tree_of(depth - 1, site_node);
    return tree;
}

static int lose_tree(void)
{
    tree_of(8, site_head);
    return 0;
}

static int keep_tree(void)
{
    kept = tree_of(8, site_head);
    return 0;
}

static int lose_shared_subtree(void)
{
    struct tree *one = site_head(sizeof *one), *two = site_head(sizeof *two);

    one->left = two->right = tree_of(3, site_node);
    return 0;
}

static int keep_shared_subtree(void)
{
    struct tree *lost = site_head(sizeof *lost), *subtree = tree_of(3, site_node);

    lost->left = subtree;
    kept = subtree;
    return 0;
}

static int lose_with_interior_pointer(void)
{
    struct node *head = site_head(sizeof *head);

    head->next = (struct node *)((char *)site_node(sizeof *head) + 8);
    return 0;
}

static int keep_through_interior(void)
{
    struct node *head = site_head(sizeof *head);

    head->next = site_node(sizeof *head);
    kept = &head->value;
    return 0;
}

/* The start of the second is known, to a block of which only the middle is. */
static int keep_interior_and_start(void)
{
    struct node *head = site_head(sizeof *head);

    head->next = site_node(sizeof *head);
    kept = &head->value;
    kept_too = head->next;
    return 0;
}

static int keep_embedded_list(void)
{
    static struct embedded_link *volatile list;

    for (int i = 0; i < 10; i++) {
        struct embedded *one = site_node(sizeof *one);
        one->link.next = list;
        list = &one->link;
    }
    return 0;
}

static __attribute__((noipa)) void leave_deep_on_stack(void)
{
    void *volatile dead[DEAD / sizeof(void *)];

    dead[0] = dead[1] = site_block(SIZE);
    USE(dead);
}

static int lose_on_dead_stack(void)
{
    leave_deep_on_stack();
    return 0;
}

static int lose_in_freed(void)
{
    void **block = malloc(1000);

    MUST(block != NULL);
    block[60] = site_block(SIZE);
    free(block);
    return 0;
}

/* The memory of such a block stays with the heap, too. */
static int lose_in_freed_large(void)
{
    void **block = malloc(100000), *after = malloc(10);

    MUST(block != NULL && after != NULL);
    block[6000] = site_block(SIZE);
    free(block);
    free(after);
    return 0;
}

static int lose_in_shrunk(void)
{
    void **block = malloc(4000);

    MUST(block != NULL);
    block[400] = site_block(SIZE);
    kept = realloc(block, 40);
    return 0;
}

static void *in_arena(void *unused)
{
    void **block = malloc(1000);

    MUST(block != NULL);
    block[60] = site_block(SIZE);
    free(block);
    held();
    return unused;
}

static int lose_in_freed_of_thread(void)
{
    hold_in_thread(in_arena, NULL);
    return 0;
}

static int overwrite(void)
{
    kept = site_block(SIZE);
    kept = site_leaf(50);
    return 0;
}

const struct gate_case gate_cases[] = {
    {"interior", keep_interior},
    {"last_byte", keep_last_byte},
    {"interior_of_huge", keep_interior_of_huge},
    {"unaligned", keep_unaligned},
    {"tagged_above", keep_tagged_above},
    {"tagged_below", keep_tagged_below},
    {"hidden", lose_hidden},
    {"self", lose_self_pointing},
    {"in_huge", keep_in_huge},
    {"spare_bytes", keep_in_spare_bytes},
    {"list_lost", lose_list},
    {"list_kept", keep_list},
    {"long_list_lost", lose_long_list},
    {"long_list_kept", keep_long_list},
    {"list_into_ring", lose_list_into_ring},
    {"end_of_list_kept", keep_end_of_list},
    {"pair_lost", lose_pair},
    {"ring_lost", lose_ring},
    {"ring_kept", keep_ring},
    {"ring_with_leaf", lose_ring_with_leaf},
    {"two_rings", lose_two_rings},
    {"ring_behind_ring", lose_ring_behind_ring},
    {"tree_lost", lose_tree},
    {"tree_kept", keep_tree},
    {"subtree_shared", lose_shared_subtree},
    {"subtree_kept", keep_shared_subtree},
    {"interior_from_lost", lose_with_interior_pointer},
    {"through_interior", keep_through_interior},
    {"interior_and_start", keep_interior_and_start},
    {"embedded_list", keep_embedded_list},
    {"dead_stack", lose_on_dead_stack},
    {"in_freed", lose_in_freed},
    {"in_freed_large", lose_in_freed_large},
    {"in_freed_of_thread", lose_in_freed_of_thread},
    {"in_shrunk", lose_in_shrunk},
    {"overwritten", overwrite},
    {NULL, NULL},
};
