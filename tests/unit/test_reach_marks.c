/* The index of blocks and the marking, on memory made for the purpose. */
#include "../support/unit.h"

#include "base/sys.h"
#include "reach/blocks.h"
#include "reach/mark.h"
#include "store/heap_table.h"

#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES (8ul << 20)
#define BLOCKS 2000u

struct model_block {
    uintptr_t addr;
    uint64_t size;
};

static char *arena;
static struct model_block model[BLOCKS];
static unsigned n_model;

static uintptr_t add(size_t offset, size_t size)
{
    uintptr_t addr = (uintptr_t)arena + offset;

    assert_int_equal(heap_table_add(addr, size, 1), HEAP_PUT_NEW);
    model[n_model++] = (struct model_block){addr, size};
    return addr;
}

static int setup(void **state)
{
    (void)state;
    arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    n_model = 0;
    return arena == MAP_FAILED;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < n_model; i++)
        heap_table_take(model[i].addr, NULL);
    return munmap(arena, ARENA_BYTES);
}

static uint32_t slow_find(uintptr_t addr)
{
    for (unsigned i = 0; i < n_model; i++)
        if (addr == model[i].addr || (addr > model[i].addr && addr < model[i].addr + ((model[i].size + 7) & ~7ul)))
            return i;
    return BLOCKS_NONE;
}

/* The index against a search through all blocks. */
static void assert_same_find(const struct blocks *blocks, uintptr_t addr)
{
    uint32_t expected = slow_find(addr);
    bool is_start = false;
    uint32_t found = blocks_find(blocks, addr, &is_start);

    if (expected == BLOCKS_NONE) {
        assert_int_equal(found, BLOCKS_NONE);
        return;
    }
    assert_int_not_equal(found, BLOCKS_NONE);
    assert_int_equal(blocks_addr(blocks, found), model[expected].addr);
    assert_int_equal(is_start, addr == model[expected].addr);
}

static void every_address_is_found_in_its_block(void **state)
{
    struct blocks blocks;
    uint64_t seed = 7;
    size_t at = 16;

    (void)state;
    while (n_model < BLOCKS && at < ARENA_BYTES - (1ul << 20)) {
        uint64_t random = random_next(&seed);
        size_t size = random % 16 == 0 ? random >> 40 & 0x3ffff : random >> 40 & 0xff;

        add(at, size);
        at += ((size + 15) & ~15ul) + 16 + (random >> 20 & 0x70);
    }
    assert_int_equal(blocks_init(&blocks), 0);
    for (unsigned i = 0; i < n_model; i++) {
        assert_same_find(&blocks, model[i].addr);
        assert_same_find(&blocks, model[i].addr + model[i].size);
        assert_same_find(&blocks, model[i].addr - 1);
        assert_same_find(&blocks, model[i].addr + model[i].size / 2);
    }
    for (unsigned i = 0; i < 20000; i++)
        assert_same_find(&blocks, (uintptr_t)arena - 4096 + random_next(&seed) % (ARENA_BYTES + 8192));
    blocks_release(&blocks);
}

static void a_block_of_gigabytes_is_found_everywhere(void **state)
{
    struct blocks blocks;
    uintptr_t addr = 0x100000000000 + 16;
    bool is_start;

    (void)state;
    assert_int_equal(heap_table_add(addr, 5ul << 30, 1), HEAP_PUT_NEW);
    assert_int_equal(heap_table_add(addr + (6ul << 30), 24, 1), HEAP_PUT_NEW);
    assert_int_equal(blocks_init(&blocks), 0);
    for (uint64_t offset = 0; offset < 5ul << 30; offset += (16ul << 20) - 8) {
        uint32_t block = blocks_find(&blocks, addr + offset, &is_start);

        assert_int_not_equal(block, BLOCKS_NONE);
        assert_int_equal(blocks_addr(&blocks, block), addr);
        assert_int_equal(blocks_size(&blocks, block), 5ul << 30);
    }
    assert_int_equal(blocks_find(&blocks, addr + (5ul << 30), &is_start), BLOCKS_NONE);
    assert_int_not_equal(blocks_find(&blocks, addr + (6ul << 30) + 16, &is_start), BLOCKS_NONE);
    blocks_release(&blocks);
    assert_true(heap_table_take(addr, NULL));
    assert_true(heap_table_take(addr + (6ul << 30), NULL));
}

/* --- marking -------------------------------------------------------------------------------------------------------- */

struct scan {
    struct blocks blocks;
    struct maps maps;
    struct marker marker;
};

static void begin(struct scan *scan, bool copies)
{
    assert_int_equal(blocks_init(&scan->blocks), 0);
    assert_int_equal(maps_init(&scan->maps, copies), 0);
    assert_int_equal(mark_init(&scan->marker, &scan->blocks, &scan->maps), 0);
}

static void finish(struct scan *scan)
{
    mark_possible(&scan->marker);
    if (mark_needs_loose(&scan->marker))
        mark_blocks_loosely(&scan->marker);
    assert_true(mark_finish(&scan->marker));
}

static enum block_state state_of(const struct scan *scan, uintptr_t addr)
{
    bool is_start = false;
    uint32_t block = blocks_find(&scan->blocks, addr, &is_start);

    assert_true(is_start);
    return blocks_state(&scan->blocks, block);
}

static void end(struct scan *scan)
{
    mark_release(&scan->marker);
    maps_release(&scan->maps);
    blocks_release(&scan->blocks);
}

static void point(uintptr_t holder, unsigned word, uintptr_t to)
{
    ((uint64_t *)holder)[word] = to;
}

/* A random graph; who is reached is found by repetition until nothing changes. */
static void assert_random_graph(uint64_t seed, bool copies)
{
    enum { N = 600, WORDS = 4 };
    static uintptr_t nodes[N];
    static bool reached[N];
    struct scan scan;
    bool changed = true;

    for (unsigned i = 0; i < N; i++)
        nodes[i] = add(16 + i * 64ul, WORDS * 8);
    memset(reached, 0, sizeof(reached));
    for (unsigned i = 0; i < N; i++)
        for (unsigned word = 0; word < WORDS; word++)
            point(nodes[i], word,
                  random_next(&seed) % 3 == 0 ? nodes[random_next(&seed) % N] : random_next(&seed) | 1ul << 63 | 1);
    begin(&scan, copies);
    for (unsigned i = 0; i < 3; i++) {
        unsigned root = (unsigned)(random_next(&seed) % N);

        reached[root] = true;
        mark_words(&scan.marker, &(uint64_t){nodes[root]}, 1);
    }
    while (changed) {
        changed = false;
        for (unsigned i = 0; i < N; i++)
            for (unsigned j = 0; reached[i] && j < N; j++)
                for (unsigned word = 0; word < WORDS; word++)
                    if (((uint64_t *)nodes[i])[word] == nodes[j] && !reached[j])
                        changed = reached[j] = true;
    }
    mark_possible(&scan.marker);
    assert_true(mark_finish(&scan.marker));
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(state_of(&scan, nodes[i]) == BLOCK_REACHABLE, reached[i]);
    end(&scan);
}

static void what_is_reached_in_random_graphs_is_what_a_slow_search_reaches(void **state)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        assert_random_graph(seed, seed % 2 == 0);
        teardown(state);
        setup(state);
    }
}

static void every_unreached_block_has_one_leader_that_nothing_outside_points_to(void **state)
{
    struct scan scan;
    uintptr_t ring[5], head, tail, alone, self;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        ring[i] = add(64 + i * 64ul, 32);
    head = add(1024, 32);
    tail = add(512, 32);
    alone = add(2048, 32);
    self = add(4096, 32);
    for (unsigned i = 0; i < 5; i++)
        point(ring[i], 0, ring[(i + 1) % 5]);
    point(head, 0, tail);
    point(head, 1, ring[3]);
    point(self, 2, self);
    begin(&scan, false);
    finish(&scan);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(state_of(&scan, ring[i]), BLOCK_INDIRECT);
    assert_int_equal(state_of(&scan, head), BLOCK_DEFINITE);
    assert_int_equal(state_of(&scan, tail), BLOCK_INDIRECT);
    assert_int_equal(state_of(&scan, alone), BLOCK_DEFINITE);
    assert_int_equal(state_of(&scan, self), BLOCK_DEFINITE);
    end(&scan);
}

/* Wherever they lie: an object with parts that point into it, as those of std::map do, and who holds the object by an inside.
 */
static void an_object_leads_its_parts_that_point_into_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        struct scan scan;
        uintptr_t at = 64 + i * 4096ul;
        uintptr_t object = add(at + orders[i][0] * 64ul, 48), part = add(at + orders[i][1] * 64ul, 48);
        uintptr_t held = add(at + 1024 + orders[i][0] * 64ul, 48), its_part = add(at + 1024 + orders[i][1] * 64ul, 48);
        uintptr_t holder = add(at + 1024 + orders[i][2] * 64ul, 48);

        point(object, 1, part);
        point(part, 2, object + 8);
        point(held, 1, its_part);
        point(its_part, 2, held + 8);
        point(holder, 0, held + 16);
        begin(&scan, false);
        finish(&scan);
        assert_int_equal(state_of(&scan, object), BLOCK_DEFINITE);
        assert_int_equal(state_of(&scan, part), BLOCK_INDIRECT);
        assert_int_equal(state_of(&scan, holder), BLOCK_DEFINITE);
        assert_int_equal(state_of(&scan, held), BLOCK_INDIRECT);
        assert_int_equal(state_of(&scan, its_part), BLOCK_INDIRECT);
        end(&scan);
    }
}

static void what_only_a_possible_block_points_to_is_possible_and_a_start_outweighs_an_inside(void **state)
{
    struct scan scan;
    uintptr_t inside = add(64, 32), behind = add(128, 32), both = add(192, 32), empty = add(256, 0);
    uint64_t roots[] = {inside + 8, both + 16, both, empty, behind + 32};

    (void)state;
    point(inside, 1, behind);
    begin(&scan, false);
    mark_words(&scan.marker, roots, ARRAY_LEN(roots));
    finish(&scan);
    assert_int_equal(state_of(&scan, inside), BLOCK_POSSIBLE);
    assert_int_equal(state_of(&scan, behind), BLOCK_POSSIBLE);
    assert_int_equal(state_of(&scan, both), BLOCK_REACHABLE);
    assert_int_equal(state_of(&scan, empty), BLOCK_REACHABLE);
    end(&scan);
}

static void a_tagged_and_an_unaligned_pointer_make_a_block_possible(void **state)
{
    struct scan scan;
    uintptr_t holder = add(64, 64), tagged = add(256, 32), unaligned = add(512, 32), lost = add(1024, 32);

    (void)state;
    point(holder, 0, tagged | 0xabcdul << 48);
    memcpy((char *)holder + 19, &unaligned, sizeof(unaligned));
    begin(&scan, false);
    mark_words(&scan.marker, &(uint64_t){holder}, 1);
    finish(&scan);
    assert_int_equal(state_of(&scan, holder), BLOCK_REACHABLE);
    assert_int_equal(state_of(&scan, tagged), BLOCK_POSSIBLE);
    assert_int_equal(state_of(&scan, unaligned), BLOCK_POSSIBLE);
    assert_int_equal(state_of(&scan, lost), BLOCK_DEFINITE);
    end(&scan);
}

static void what_a_block_points_to_that_alone_was_marked_is_lost(void **state)
{
    struct scan scan;
    uintptr_t alone = add(64, 64), lost = add(256, 32);
    struct range range;

    (void)state;
    point(alone, 3, lost);
    begin(&scan, false);
    mark_possible(&scan.marker);
    range = mark_only_block_at(&scan.marker, alone + 16);
    assert_int_equal(range.start, alone);
    assert_int_equal(range.end, alone + 64);
    assert_int_equal(mark_only_block_at(&scan.marker, alone - 8).start, 0);
    assert_true(mark_finish(&scan.marker));
    assert_int_equal(state_of(&scan, alone), BLOCK_REACHABLE);
    assert_int_equal(state_of(&scan, lost), BLOCK_DEFINITE);
    end(&scan);
}

/* A block of 96 bytes asked for, in a chunk of 112, and one that has something else before it. */
static void what_stands_in_spare_bytes_of_a_chunk_is_reached(void **state)
{
    struct scan scan;
    uintptr_t chunk = add(64, 96), other = add(256, 96), kept = add(512, 32), lost = add(1024, 32);

    (void)state;
    ((uint64_t *)chunk)[-1] = 112 | 1;
    ((uint64_t *)other)[-1] = 0x123456;
    point(chunk, 12, kept);
    point(other, 12, lost);
    begin(&scan, false);
    scan.marker.has_chunks = true;
    mark_words(&scan.marker, (uint64_t[]){chunk, other}, 2);
    finish(&scan);
    assert_int_equal(state_of(&scan, kept), BLOCK_REACHABLE);
    assert_int_equal(state_of(&scan, lost), BLOCK_DEFINITE);
    end(&scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_address_is_found_in_its_block, setup, teardown),
        cmocka_unit_test(a_block_of_gigabytes_is_found_everywhere),
        cmocka_unit_test_setup_teardown(what_is_reached_in_random_graphs_is_what_a_slow_search_reaches, setup, teardown),
        cmocka_unit_test_setup_teardown(every_unreached_block_has_one_leader_that_nothing_outside_points_to, setup, teardown),
        cmocka_unit_test_setup_teardown(an_object_leads_its_parts_that_point_into_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_only_a_possible_block_points_to_is_possible_and_a_start_outweighs_an_inside, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_tagged_and_an_unaligned_pointer_make_a_block_possible, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_block_points_to_that_alone_was_marked_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(what_stands_in_spare_bytes_of_a_chunk_is_reached, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
