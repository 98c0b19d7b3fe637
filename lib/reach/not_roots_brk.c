/*
 * The main arena of glibc, which lies in the memory below the break. Owns nothing; called by reach/not_roots_allocator.
 *
 * A program may move the break itself, and what it gets is between two pieces of the arena, or behind the last one, or before
 * the first. At the end of each piece but the last the arena has left two chunks that are only heads: a fence. The last one
 * ends where the chunk of its free memory does, to which the arena points.
 */
#include "reach/not_roots.h"

#include "base/sys.h"
#include "reach/chunk.h"

#include <fcntl.h>
#include <string.h>

#define PAGE 4096ul
#define FENCE (CHUNK_HEAD | CHUNK_BEFORE_IS_USED) /* size of each chunk of a fence */
#define FENCE_WORDS 4u
#define CHUNKS_AT_START 1000u
#define START_BRK_FIELD 47 /* of /proc/self/stat */

/* Where the kernel was asked to begin; 0 when it does not tell. Without randomization the program's own data is in the same
 * mapping. */
static uintptr_t read_start_brk(void)
{
    char buf[2048], *at;
    int fd = sys_open("/proc/thread-self/stat", O_RDONLY, 0);
    ssize_t len = fd < 0 ? 0 : sys_read(fd, buf, sizeof(buf) - 1);
    uintptr_t value = 0;

    if (fd >= 0)
        sys_close(fd);
    buf[len < 0 ? 0 : len] = '\0';
    at = strrchr(buf, ')'); /* ends the second field, which may hold blanks */
    for (int field = 2; at != NULL && field < START_BRK_FIELD; field++)
        at = strchr(at + 1, ' ');
    for (at = at == NULL ? buf + len : at + 1; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uintptr_t)(*at - '0');
    return value;
}

static struct range find_heap(const struct maps *maps)
{
    struct range heap = {0};
    uintptr_t start = read_start_brk();

    for (size_t i = 0; start != 0 && i < maps->count; i++) {
        const struct mapping *mapping = &maps->items[i];

        if ((mapping->flags & MAPPING_BRK) == 0)
            continue;
        if (heap.start == 0)
            heap.start = start > mapping->range.start ? start : mapping->range.start;
        heap.end = mapping->range.end;
    }
    return heap;
}

/* --- the end of the arena ------------------------------------------------------------------------------------------- */

/* Where a chunk ends that may be the arena's free memory at its end, which ends with a page; 0: it is no such chunk. */
static uintptr_t end_of_top(struct maps *maps, struct range heap, uintptr_t chunk)
{
    uint64_t size;
    uintptr_t end;

    if (chunk % CHUNK_HEAD != 0 || !range_has(heap, chunk) || !maps_word(maps, chunk + CHUNK_SIZE, &size) ||
        (size & CHUNK_FLAGS) != CHUNK_BEFORE_IS_USED || size < CHUNK_MIN)
        return 0;
    end = chunk + (size & ~CHUNK_FLAGS);
    return end % PAGE == 0 && end > chunk && end <= heap.end ? end : 0;
}

struct candidates {
    struct range heap;
    struct ranges chunks;
};

static void look_for_chunks(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct candidates *candidates = context;

    (void)addr;
    for (size_t i = 0; i < n; i++)
        if (range_has(candidates->heap, words[i]))
            ranges_add(&candidates->chunks, words[i], words[i] + 1);
}

/* It is the highest chunk that the arena points to. 0: not found. */
static uintptr_t find_end(struct maps *maps, struct range heap, struct range arena)
{
    struct candidates candidates = {.heap = heap};
    uintptr_t end = 0;

    maps_read(maps, arena, look_for_chunks, &candidates);
    for (size_t i = 0; i < candidates.chunks.count; i++) {
        uintptr_t found = end_of_top(maps, heap, candidates.chunks.items[i].start);

        end = found > end ? found : end;
    }
    ranges_release(&candidates.chunks);
    return end;
}

/* --- its pieces ----------------------------------------------------------------------------------------------------- */

struct pieces {
    struct not_roots *not_roots;
    struct range heap;
    struct ranges fences;  /* each from where it ends */
    size_t n_fences;       /* that are before the last block */
    uintptr_t start;       /* of the piece; 0: not before the next block */
    uintptr_t end_of_last; /* block */
};

/* They end with pages. */
static void look_for_fences(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    struct ranges *fences = context;

    for (size_t i = (PAGE - addr % PAGE) / sizeof(*words); i <= n; i += PAGE / sizeof(*words))
        if (i >= FENCE_WORDS && words[i - 1] == FENCE && (words[i - 3] | CHUNK_BEFORE_IS_USED) == FENCE)
            ranges_add(fences, addr + i * sizeof(*words), addr + i * sizeof(*words) + 1);
}

static void end_piece(struct pieces *pieces, uintptr_t end)
{
    if (end < pieces->end_of_last)
        return; /* what looks like a fence is in a block */
    if (pieces->start != 0)
        ranges_add(&pieces->not_roots->ranges, pieces->start, end);
    pieces->start = 0;
}

/* At each fence before the address. */
static void end_pieces(struct pieces *pieces, uintptr_t addr)
{
    const struct ranges *fences = &pieces->fences;

    for (; pieces->n_fences < fences->count && fences->items[pieces->n_fences].start < addr; pieces->n_fences++)
        end_piece(pieces, fences->items[pieces->n_fences].start);
}

/* Whether there are chunks from the start of a piece to this one. */
static bool leads_to(struct maps *maps, uintptr_t start, uintptr_t chunk)
{
    for (unsigned i = 0; i < CHUNKS_AT_START && start < chunk; i++) {
        uint64_t size;

        if (!maps_word(maps, start + CHUNK_SIZE, &size) || size < CHUNK_MIN || size > chunk - start + CHUNK_FLAGS)
            return false;
        start += size & ~CHUNK_FLAGS;
    }
    return true;
}

static void look_at_block(uint32_t block, void *context)
{
    struct pieces *pieces = context;
    const struct blocks *blocks = pieces->not_roots->blocks;
    uintptr_t addr = blocks_addr(blocks, block);

    if (!range_has(pieces->heap, addr))
        return;
    if (pieces->end_of_last == 0 && !leads_to(pieces->not_roots->maps, pieces->start, addr - CHUNK_HEAD))
        pieces->start = 0;
    end_pieces(pieces, addr);
    if (pieces->start == 0)
        pieces->start = addr - CHUNK_HEAD;
    pieces->end_of_last = addr + blocks_size(blocks, block);
}

void not_roots_add_brk(struct not_roots *not_roots, const struct ranges *arenas)
{
    struct range heap = find_heap(not_roots->maps);
    struct pieces pieces = {.not_roots = not_roots, .heap = heap, .start = heap.start};
    const uint64_t bytes = not_roots->maps->bytes;
    uintptr_t end = 0;

    for (size_t i = 0; i < arenas->count && end == 0; i++)
        end = find_end(not_roots->maps, heap, arenas->items[i]);
    maps_read(not_roots->maps, heap, look_for_fences, &pieces.fences);
    not_roots->maps->bytes = bytes; /* two words of each page are not worth counting */
    blocks_visit(not_roots->blocks, look_at_block, &pieces);
    end_pieces(&pieces, UINTPTR_MAX);
    end_piece(&pieces, end != 0 && end >= pieces.end_of_last ? end : heap.end);
    not_roots->ranges.failed |= pieces.fences.failed;
    ranges_release(&pieces.fences);
}
