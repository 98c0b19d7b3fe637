/*
 * The memory of tables. Owns the free runs, in lists by size; called by store/heap_region. One lock for all, held for a few
 * dozen instructions, or while the kernel is asked for more.
 *
 * A free run is known by its first and its last word, a mark with its length. The upper bits of a mark are 0 and the rest is
 * more than 1, which no word of a table is, so the words on both sides of a run tell whether its neighbours are free, too.
 */
#include "store/heap_pool.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"
#include "store/heap_region.h"

#define LINE_BYTES (HEAP_LINE_WORDS * sizeof(uint64_t))
#define CHUNK_MIN (64ul << 10)
#define CHUNK_MAX (16ul << 20)
#define HUGE_PAGE (2ul << 20)
#define CLASSES 38 /* of at least 1, 2, 3, 4, 6, 8, 12 ... lines, up to CHUNK_MAX */

/* In a free run, all in its first line. */
enum {
    RUN_MARK,
    RUN_NEXT,
    RUN_PREVIOUS,
};

static struct {
    struct lock lock;
    uint64_t *runs[CLASSES];
    uint64_t mapped;
    uint64_t era; /* in each mark; those of another are void */
} pool = {.lock = LOCK_INIT(LOCK_RANK_HEAP)};

static unsigned class_of(uint32_t lines)
{
    unsigned log = 31 - (unsigned)__builtin_clz(lines);

    return 2 * log + (lines >= 3u << log >> 1 && log > 0);
}

static uint64_t mark_of(uint32_t lines)
{
    return pool.era << 32 | (uint64_t)lines << 2 | 2;
}

/* The length of the free run that this word is the first or last of; 0 when it is none. */
static uint32_t run_lines(const uint64_t *word)
{
    uint64_t mark = heap_word_load(word);
    uint32_t lines = (uint32_t)mark >> 2;

    return mark == mark_of(lines) ? lines : 0;
}

static uint64_t *last_word(uint64_t *run, uint32_t lines)
{
    return run + lines * HEAP_LINE_WORDS - 1;
}

/* Stores go to memory that a visit may still read, hence not plainly. */
static void set_marks(uint64_t *run, uint32_t lines, uint64_t mark)
{
    heap_word_store(run + RUN_MARK, mark);
    heap_word_store(last_word(run, lines), mark);
}

static void link_run(uint64_t *run, uint32_t lines)
{
    uint64_t **head = &pool.runs[class_of(lines)];

    set_marks(run, lines, mark_of(lines));
    heap_word_store(run + RUN_NEXT, (uint64_t)*head);
    heap_word_store(run + RUN_PREVIOUS, 0);
    if (*head != NULL)
        heap_word_store(*head + RUN_PREVIOUS, (uint64_t)run);
    *head = run;
}

static void unlink_run(uint64_t *run, uint32_t lines)
{
    uint64_t *next = (uint64_t *)heap_word_load(run + RUN_NEXT);
    uint64_t *previous = (uint64_t *)heap_word_load(run + RUN_PREVIOUS);

    set_marks(run, lines, 0);
    if (next != NULL)
        heap_word_store(next + RUN_PREVIOUS, (uint64_t)previous);
    if (previous != NULL)
        heap_word_store(previous + RUN_NEXT, (uint64_t)next);
    else
        pool.runs[class_of(lines)] = next;
}

/* Chunks grow with all that there is, so that neither small programs pay in memory nor large ones in system calls. */
static uint64_t chunk_size(void)
{
    uint64_t size = pool.mapped / 16;

    if (size >= HUGE_PAGE)
        return size > CHUNK_MAX ? CHUNK_MAX : size & ~(HUGE_PAGE - 1);
    return size < CHUNK_MIN ? CHUNK_MIN : size & ~(CHUNK_MIN - 1);
}

/* The lines at both ends stay 0: no run goes beyond them. Large chunks ask for huge pages, which fork copies at once, and which
   are found faster. */
static void map_chunk(uint32_t lines)
{
    uint64_t least = (lines + 2) * LINE_BYTES;
    uint64_t size = chunk_size() < least ? least : chunk_size();
    uint64_t *chunk = memory_map(size);

    if (chunk == NULL)
        return;
    if (size >= HUGE_PAGE)
        sys_advise_huge(chunk, size);
    __atomic_store_n(&pool.mapped, pool.mapped + size, __ATOMIC_RELAXED);
    link_run(chunk + HEAP_LINE_WORDS, (uint32_t)(size / LINE_BYTES) - 2);
}

static uint64_t *find_run(uint32_t lines)
{
    for (unsigned class = class_of(lines); class < CLASSES; class ++)
        if (pool.runs[class] != NULL && run_lines(pool.runs[class]) >= lines)
            return pool.runs[class];
    return NULL;
}

static uint64_t *take_run(uint32_t lines)
{
    uint64_t *run = find_run(lines);
    uint32_t found;

    if (run == NULL) {
        map_chunk(lines);
        run = find_run(lines);
    }
    if (run == NULL)
        return NULL;
    found = run_lines(run);
    unlink_run(run, found);
    if (found > lines)
        link_run(run + lines * HEAP_LINE_WORDS, found - lines);
    return run;
}

uint64_t *heap_pool_take(uint32_t lines)
{
    uint64_t *words;

    if (!lock_acquire(&pool.lock))
        return NULL;
    words = take_run(lines);
    lock_release(&pool.lock);
    for (uint32_t i = 0; words != NULL && i < lines; i++)
        heap_line_clear(words + i * HEAP_LINE_WORDS);
    return words;
}

void heap_pool_give(uint64_t *words, uint32_t lines)
{
    uint32_t before, behind;

    if (!lock_acquire(&pool.lock))
        return;
    before = run_lines(words - 1);
    behind = run_lines(words + lines * HEAP_LINE_WORDS);
    if (behind != 0)
        unlink_run(words + lines * HEAP_LINE_WORDS, behind);
    if (before != 0) {
        words -= before * HEAP_LINE_WORDS;
        unlink_run(words, before);
    }
    link_run(words, before + lines + behind);
    lock_release(&pool.lock);
}

uint64_t heap_pool_bytes(void)
{
    return __atomic_load_n(&pool.mapped, __ATOMIC_RELAXED);
}

/* Lists that a vanished thread was changing are given up, with the runs in them. */
void heap_pool_after_fork(void)
{
    bool was_held = pool.lock.word != 0;

    lock_reset(&pool.lock);
    for (unsigned i = 0; was_held && i < CLASSES; i++)
        pool.runs[i] = NULL;
    pool.era += was_held;
}
