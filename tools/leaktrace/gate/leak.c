/* Findings, merged by site over processes. Owns nothing; called by gate/collect and the formats. */
#include "gate/leak.h"

#include "common.h"
#include "view/chain.h"
#include "view/units.h"

/* For base/table.h: every function that adds to a table has the leaks at hand under this name. */
#define TABLE_ARENA (&leaks->arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const leak_kind_names[LEAK_KIND_MAX] = {"heap", "fd", "thread", "mmap"};
const char *const leak_class_names[LEAK_CLASS_MAX] = {"definite", "indirect", "possible", "reachable",
                                                            "open",     "unjoined", "running",  "growth"};
const char *const leak_baseline_names[LEAK_BASELINE_MAX] = {"new", "known", "more"};

/* What makes two samples one leak. The places of the stack follow. */
struct key {
    uint32_t kind;
    uint32_t class;
    char detail[24];
};

struct leak_entry {
    struct leak leak;
    UT_hash_handle hh;
    size_t depth;
    const struct places_place **places; /* behind the key */
};

/* Of the places that look the same the first one that was met; and which one that is for each place. */
struct look {
    const struct places_place *place;
    UT_hash_handle hh;
    char key[];
};

struct stand_in {
    const struct places_place *place;
    const struct places_place *first;
    UT_hash_handle hh;
};

void leaks_init(struct leaks *leaks)
{
    *leaks = (struct leaks){.table = NULL};
    leaks->places = places_new(&leaks->arena);
}

static void spread_frames(struct leaks *leaks, struct leak_entry *entry)
{
    struct leak *leak = &entry->leak;

    for (size_t i = 0; i < entry->depth; i++)
        leak->n_frames += entry->places[i]->n_frames;
    leak->frames = must_take(&leaks->arena, leak->n_frames * sizeof(*leak->frames));
    for (size_t i = 0, at = 0; i < entry->depth; i++)
        for (size_t j = 0; j < entry->places[i]->n_frames; j++)
            leak->frames[at++] = &entry->places[i]->frames[j];
    while (leak->headline < leak->n_frames && leak->frames[leak->headline]->is_plumbing)
        leak->headline++;
    if (leak->headline == leak->n_frames)
        leak->headline = 0;
}

static struct leak_entry *add_entry(struct leaks *leaks, const struct leak *like, const char *key,
                                       size_t size)
{
    struct leak_entry *entry = must_take(&leaks->arena, sizeof(*entry));
    char *kept = memcpy(must_take(&leaks->arena, size), key, size);

    entry->places = (const struct places_place **)(void *)(kept + sizeof(struct key));
    entry->depth = (size - sizeof(struct key)) / sizeof(*entry->places);
    entry->leak = *like;
    entry->leak.amount = (struct leak_amount){0};
    entry->leak.detail = must_copy(&leaks->arena, like->detail);
    if (leaks->n_rounds > 0)
        entry->leak.rounds = must_take(&leaks->arena, leaks->n_rounds * sizeof(*entry->leak.rounds));
    spread_frames(leaks, entry);
    HASH_ADD_KEYPTR(hh, leaks->table, kept, size, entry);
    if (!TABLE_ADDED(entry))
        must_end();
    return entry;
}

/* All that is shown of a place; malloc'ed. */
static char *look_of(const struct places_place *place)
{
    char *look = NULL;
    size_t len;
    FILE *out = open_memstream(&look, &len);

    if (out == NULL)
        must_end();
    for (size_t i = 0; i < place->n_frames; i++)
        fprintf(out, "%s\n%s\n%s\n%" PRId64 "\n", place->frames[i].module, place->frames[i].function,
                place->frames[i].file, place->frames[i].line);
    if (fclose(out) != 0)
        must_end();
    return look;
}

static const struct places_place *first_of_look(struct leaks *leaks, const struct places_place *place)
{
    char *key = look_of(place);
    size_t len = strlen(key);
    struct look *look;

    HASH_FIND(hh, leaks->looks, key, len, look);
    if (look == NULL) {
        look = must_take(&leaks->arena, sizeof(*look) + len + 1);
        look->place = place;
        memcpy(look->key, key, len);
        HASH_ADD(hh, leaks->looks, key, len, look);
        if (!TABLE_ADDED(look))
            must_end();
    }
    free(key);
    return look->place;
}

const struct places_place *leaks_place(struct leaks *leaks, const struct profile_location *location)
{
    const struct places_place *place = places_intern(leaks->places, location);
    struct stand_in *stand_in;

    HASH_FIND_PTR(leaks->stand_ins, &place, stand_in);
    if (stand_in == NULL) {
        stand_in = must_take(&leaks->arena, sizeof(*stand_in));
        stand_in->place = place;
        stand_in->first = first_of_look(leaks, place);
        HASH_ADD_PTR(leaks->stand_ins, place, stand_in);
        if (!TABLE_ADDED(stand_in))
            must_end();
    }
    return stand_in->first;
}

static struct leak *find(struct leaks *leaks, const struct leak *like, const struct places_place *const *stack,
                         size_t depth)
{
    size_t size = sizeof(struct key) + depth * sizeof(*stack);
    char *buf = must_grow(NULL, 1, size);
    struct key *key = (struct key *)(void *)buf;
    struct leak_entry *entry;

    memset(key, 0, sizeof(*key));
    key->kind = like->kind;
    key->class = like->class;
    strncpy(key->detail, like->detail, sizeof(key->detail) - 1);
    memcpy(buf + sizeof(*key), stack, depth * sizeof(*stack));
    HASH_FIND(hh, leaks->table, buf, size, entry);
    if (entry == NULL)
        entry = add_entry(leaks, like, buf, size);
    free(buf);
    return &entry->leak;
}

/* A process whose number of samples at a site is more than one is noted once. */
static void add_process(struct leaks *leaks, struct leak *leak, const struct gate_process *process)
{
    size_t n = leak->n_processes;

    if (n > 0 && leak->processes[n - 1] == process)
        return;
    if ((n & (n - 1)) == 0)
        leak->processes =
            arena_grow(&leaks->arena, leak->processes, n * sizeof(*leak->processes),
                       (n == 0 ? 1 : 2 * n) * sizeof(*leak->processes));
    if (leak->processes == NULL)
        must_end();
    leak->processes[leak->n_processes++] = process;
}

static void add_amount(struct leak_amount *sum, const struct leak_amount *amount)
{
    if (__builtin_add_overflow(sum->count, amount->count, &sum->count))
        sum->count = INT64_MAX;
    if (__builtin_add_overflow(sum->bytes, amount->bytes, &sum->bytes))
        sum->bytes = INT64_MAX;
}

void leaks_add(struct leaks *leaks, const struct leak *like, const struct places_place *const *stack, size_t depth,
               const struct gate_process *process, size_t round)
{
    struct leak *leak;

    if (like->amount.count <= 0 && like->amount.bytes <= 0)
        return;
    leak = find(leaks, like, stack, depth);
    add_amount(leaks->n_rounds > 0 ? &leak->rounds[round] : &leak->amount, &like->amount);
    add_process(leaks, leak, process);
}

const char *leak_baseline_kind(const struct leak *leak)
{
    static const char *const growth[LEAK_KIND_MAX] = {"heap_growth", "fd_growth", "thread_growth", "mmap_growth"};

    return leak->class == LEAK_GROWTH ? growth[leak->kind] : leak_kind_names[leak->kind];
}

static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

static int compare_stacks(const struct leak *a, const struct leak *b)
{
    for (size_t i = 0; i < a->n_frames && i < b->n_frames; i++) {
        int by_function = strcmp(a->frames[i]->function, b->frames[i]->function);

        if (by_function != 0)
            return by_function;
        if (a->frames[i]->line != b->frames[i]->line)
            return descending(b->frames[i]->line, a->frames[i]->line);
    }
    return descending((int64_t)b->n_frames, (int64_t)a->n_frames);
}

/* Heap before descriptors before threads, definite ones first, and the larger before the smaller. */
static int compare_leaks(const void *a, const void *b)
{
    const struct leak *left = *(struct leak *const *)a, *right = *(struct leak *const *)b;

    if (left->class != right->class)
        return (int)left->class - (int)right->class;
    if (left->kind != right->kind)
        return (int)left->kind - (int)right->kind;
    if (left->amount.bytes != right->amount.bytes)
        return descending(left->amount.bytes, right->amount.bytes);
    if (left->amount.count != right->amount.count)
        return descending(left->amount.count, right->amount.count);
    return compare_stacks(left, right);
}

void leaks_sort(struct leaks *leaks)
{
    const struct leak_entry *entry;

    leaks->n = 0;
    leaks->sorted = must_take(&leaks->arena, HASH_COUNT(leaks->table) * sizeof(*leaks->sorted));
    for (entry = leaks->table; entry != NULL; entry = entry->hh.next) {
        struct leak *leak = (struct leak *)&entry->leak;

        leak->fingerprint = fingerprint_of(&leaks->arena, leak_baseline_kind(leak), leak->frames,
                                              leak->n_frames);
        leaks->sorted[leaks->n++] = leak;
    }
    if (leaks->n > 0)
        qsort(leaks->sorted, leaks->n, sizeof(*leaks->sorted), compare_leaks);
}

void leaks_release(struct leaks *leaks)
{
    arena_release(&leaks->arena);
}

const struct places_frame *leak_headline(const struct leak *leak)
{
    return leak->n_frames == 0 ? NULL : leak->frames[leak->headline];
}

static const char *noun_of(const struct leak *leak)
{
    static const char *const one[LEAK_KIND_MAX] = {"heap block", "descriptor", "thread", "mapping"};
    static const char *const many[LEAK_KIND_MAX] = {"heap blocks", "descriptors", "threads", "mappings"};

    return leak->amount.count == 1 ? one[leak->kind] : many[leak->kind];
}

char *leak_describe(const struct leak *leak)
{
    static const char *const states[LEAK_CLASS_MAX] = {
        "definitely lost", "indirectly lost", "possibly lost", "still reachable",
        "left open",       "not joined",      "still running", "growing"};
    const char *space = leak->detail[0] == '\0' ? "" : " ";
    struct units_text count_buf, bytes;
    const char *count = units_count(leak->amount.count, &count_buf);

    if (leak->kind != LEAK_HEAP && leak->kind != LEAK_MMAP)
        return must_format("%s %s%s%s %s", count, leak->detail, space, noun_of(leak), states[leak->class]);
    return must_format("%s %s (%s) %s", count, noun_of(leak), units_bytes(leak->amount.bytes, &bytes),
                       states[leak->class]);
}

char *leak_place(const struct leak *leak)
{
    const struct places_frame *frame = leak_headline(leak);

    return frame == NULL ? must_format("an unknown place") : chain_name_frame(frame);
}
