/* Leaks, merged by site over processes. Owns nothing; called by gate/collect and gate/growth. */
#include "gate/leak.h"

#include "common.h"
#include "gate/process.h"

/* For base/table.h: every function that adds to a table has the leaks at hand under this name. */
#define TABLE_ARENA (&leaks->arena)
#include "base/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What makes two samples one leak. The stack follows: numbers of the pool, or pointers to places. */
struct key {
    uint32_t kind;
    uint32_t class;
    char detail[24];
};

struct leak_entry {
    struct leak leak;
    const char *key;
    size_t size;
    UT_hash_handle hh;
};

/* Of the places that look the same the first one that was met. */
struct look {
    const struct places_place *place;
    UT_hash_handle hh;
    char key[];
};

static struct leak_entry *find(struct leaks *leaks, struct leak_entry **table, const struct leak *like, const void *stack,
                               size_t stack_size)
{
    size_t size = sizeof(struct key) + stack_size;
    char *buf = must_grow(NULL, 1, size);
    struct key *key = (struct key *)(void *)buf;
    struct leak_entry *entry;

    memset(key, 0, sizeof(*key));
    key->kind = like->kind;
    key->class = like->class;
    strncpy(key->detail, like->detail, sizeof(key->detail) - 1);
    if (stack_size > 0)
        memcpy(buf + sizeof(*key), stack, stack_size);
    HASH_FIND(hh, *table, buf, size, entry);
    if (entry == NULL) {
        entry = must_take(&leaks->arena, sizeof(*entry));
        entry->leak = (struct leak){.kind = like->kind, .class = like->class};
        entry->leak.detail = must_copy(&leaks->arena, like->detail);
        if (like->class == LEAK_GROWTH)
            entry->leak.rounds = must_take(&leaks->arena, leaks->n_rounds * sizeof(*entry->leak.rounds));
        entry->key = memcpy(must_take(&leaks->arena, size), buf, size);
        entry->size = size;
        HASH_ADD_KEYPTR(hh, *table, entry->key, size, entry);
        if (!TABLE_ADDED(entry))
            must_end();
    }
    free(buf);
    return entry;
}

/* A process with several samples at a site is noted once, if they follow each other; see finish_processes(). */
static void add_process(struct leaks *leaks, struct leak *leak, const struct gate_process *process)
{
    size_t n = leak->n_processes;

    if (n > 0 && leak->processes[n - 1] == process)
        return;
    if ((n & (n - 1)) == 0)
        leak->processes = arena_grow(&leaks->arena, leak->processes, n * sizeof(*leak->processes),
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

void leaks_add(struct leaks *leaks, const struct leak *like, const uint32_t *stack, size_t depth,
               const struct gate_process *process, size_t round)
{
    struct leak *leak;

    if (like->amount.count <= 0 && like->amount.bytes <= 0)
        return;
    leak = &find(leaks, &leaks->raw, like, stack, depth * sizeof(*stack))->leak;
    add_amount(like->class == LEAK_GROWTH ? &leak->rounds[round] : &leak->amount, &like->amount);
    add_process(leaks, leak, process);
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
        fprintf(out, "%s\n%s\n%s\n%" PRId64 "\n", place->frames[i].module, place->frames[i].function, place->frames[i].file,
                place->frames[i].line);
    if (fclose(out) != 0)
        must_end();
    return look;
}

static const struct places_place *first_of_look(struct leaks *leaks, struct look **looks, const struct places_place *place)
{
    char *key = look_of(place);
    size_t len = strlen(key);
    struct look *look;

    HASH_FIND(hh, *looks, key, len, look);
    if (look == NULL) {
        look = must_take(&leaks->arena, sizeof(*look) + len + 1);
        look->place = place;
        memcpy(look->key, key, len);
        HASH_ADD(hh, *looks, key, len, look);
        if (!TABLE_ADDED(look))
            must_end();
    }
    free(key);
    return look->place;
}

/* The place of each location of the pool, or the one that looks the same. */
static const struct places_place **find_places(struct leaks *leaks)
{
    const struct profile *profile = &leaks->pool.profile;
    const struct places_place **places = must_take(&leaks->arena, profile->n_locations * sizeof(*places));
    struct places_table *table = places_new(&leaks->arena);
    struct look *looks = NULL;

    for (size_t i = 0; i < profile->n_locations; i++)
        places[i] = first_of_look(leaks, &looks, places_intern(table, &profile->locations[i]));
    return places;
}

static void spread_frames(struct leaks *leaks, struct leak *leak, const struct places_place *const *stack, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        leak->n_frames += stack[i]->n_frames;
    leak->frames = must_take(&leaks->arena, leak->n_frames * sizeof(*leak->frames));
    for (size_t i = 0, at = 0; i < depth; i++)
        for (size_t j = 0; j < stack[i]->n_frames; j++)
            leak->frames[at++] = &stack[i]->frames[j];
    while (leak->headline < leak->n_frames && leak->frames[leak->headline]->is_plumbing)
        leak->headline++;
    if (leak->headline == leak->n_frames)
        leak->headline = 0;
    leak->fingerprint = fingerprint_of(&leaks->arena, leak_baseline_kind(leak), leak->frames, leak->n_frames);
}

/* Adds one that was found to those that look the same. */
static void merge(struct leaks *leaks, const struct leak_entry *raw, const struct places_place *const *places)
{
    const uint32_t *numbers = (const uint32_t *)(const void *)(raw->key + sizeof(struct key));
    size_t depth = (raw->size - sizeof(struct key)) / sizeof(*numbers);
    const struct places_place **stack = must_grow(NULL, depth, sizeof(*stack));
    struct leak *leak;

    for (size_t i = 0; i < depth; i++)
        stack[i] = places[numbers[i]];
    leak = &find(leaks, &leaks->merged, &raw->leak, stack, depth * sizeof(*stack))->leak;
    if (leak->frames == NULL)
        spread_frames(leaks, leak, stack, depth);
    add_amount(&leak->amount, &raw->leak.amount);
    for (size_t i = 0; leak->rounds != NULL && i < leaks->n_rounds; i++)
        add_amount(&leak->rounds[i], &raw->leak.rounds[i]);
    if (leak->rounds != NULL)
        leak->amount = leak->rounds[leaks->n_rounds - 1];
    for (size_t i = 0; i < raw->leak.n_processes; i++)
        add_process(leaks, leak, raw->leak.processes[i]);
    free(stack);
}

static int compare_processes(const void *a, const void *b)
{
    const struct gate_process *left = *(const struct gate_process *const *)a, *right = *(const struct gate_process *const *)b;

    return (left->number > right->number) - (left->number < right->number);
}

/* Several stacks and rounds of a leak bring the same processes along. */
static void finish_processes(struct leak *leak)
{
    size_t n = 0;

    qsort(leak->processes, leak->n_processes, sizeof(*leak->processes), compare_processes);
    for (size_t i = 0; i < leak->n_processes; i++)
        if (n == 0 || leak->processes[i] != leak->processes[n - 1])
            leak->processes[n++] = leak->processes[i];
    leak->n_processes = n;
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

/* Definite ones first, heap before descriptors before threads, and the larger before the smaller. */
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

void leaks_finish(struct leaks *leaks, const struct symbolize_options *symbols)
{
    const struct places_place **places;

    pool_finish(&leaks->pool, symbols);
    places = find_places(leaks);
    for (const struct leak_entry *raw = leaks->raw; raw != NULL; raw = raw->hh.next)
        merge(leaks, raw, places);
    leaks->n = 0;
    leaks->sorted = must_take(&leaks->arena, HASH_COUNT(leaks->merged) * sizeof(*leaks->sorted));
    for (struct leak_entry *entry = leaks->merged; entry != NULL; entry = entry->hh.next) {
        finish_processes(&entry->leak);
        leaks->sorted[leaks->n++] = &entry->leak;
    }
    if (leaks->n > 0)
        qsort(leaks->sorted, leaks->n, sizeof(*leaks->sorted), compare_leaks);
}

void leaks_release(struct leaks *leaks)
{
    arena_release(&leaks->arena);
    pool_release(&leaks->pool);
}
