/*
 * heap_random SEED THREADS: a million operations on the heap at random, with a plain model of them. Prints the model at the end,
 * lines of: site, blocks made, their bytes, blocks live, their bytes. Threads free and resize each other's blocks.
 */
#include "specimen.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>

#define OPERATIONS 1000000
#define SLOTS 8192
#define THREADS_MAX 16

enum site { MALLOC, CALLOC, REALLOC, MEMALIGN, SITES };

static const char *const names[SITES] = {"random_malloc", "random_calloc", "random_realloc", "random_memalign"};

/* Who sets `taken` owns the slot until he clears it. */
static struct slot {
    int taken;
    void *block;
    size_t size;
    enum site site;
} slots[SLOTS];

static struct model {
    uint64_t state;
    long operations;
    struct {
        long made, made_bytes, live, live_bytes;
    } sites[SITES];
} models[THREADS_MAX];

static uint64_t next(struct model *model)
{
    model->state ^= model->state << 13;
    model->state ^= model->state >> 7;
    model->state ^= model->state << 17;
    return model->state;
}

SITE void *random_malloc(size_t size)
{
    return malloc(size);
}

SITE void *random_calloc(size_t size)
{
    return calloc(size, 1);
}

SITE void *random_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

SITE void *random_memalign(size_t align, size_t size)
{
    return memalign(align, size);
}

static void release(struct model *model, const struct slot *slot)
{
    if (slot->block == NULL)
        return;
    model->sites[slot->site].live--;
    model->sites[slot->site].live_bytes -= (long)slot->size;
}

static void acquire(struct model *model, struct slot *slot, void *block, size_t size, enum site site)
{
    MUST(block != NULL);
    *slot = (struct slot){.taken = 1, .block = block, .size = size, .site = site};
    model->sites[site].made++;
    model->sites[site].made_bytes += (long)size;
    model->sites[site].live++;
    model->sites[site].live_bytes += (long)size;
}

/* Mostly small, some of several pages, a few that are mapped. */
static size_t size_at_random(struct model *model)
{
    uint64_t dice = next(model) % 1000;

    return dice == 0 ? 100000 + next(model) % 200000 : dice < 50 ? next(model) % 20000 : next(model) % 500;
}

static void change(struct model *model, struct slot *slot)
{
    uint64_t dice = next(model) % 10;
    size_t size = size_at_random(model);

    if (dice < 3) {
        release(model, slot);
        acquire(model, slot, random_realloc(slot->block, size + 1), size + 1, REALLOC);
        return;
    }
    if (slot->block != NULL) {
        release(model, slot);
        free(slot->block);
        slot->block = NULL;
        return;
    }
    if (dice < 6)
        acquire(model, slot, random_malloc(size), size, MALLOC);
    else if (dice < 8)
        acquire(model, slot, random_calloc(size), size, CALLOC);
    else
        acquire(model, slot, random_memalign(16u << next(model) % 6, size), size, MEMALIGN);
}

static void *run(void *argument)
{
    struct model *model = argument;

    for (long i = 0; i < model->operations; i++) {
        struct slot *slot = &slots[next(model) % SLOTS];

        if (__atomic_exchange_n(&slot->taken, 1, __ATOMIC_ACQUIRE) != 0)
            continue;
        change(model, slot);
        __atomic_store_n(&slot->taken, 0, __ATOMIC_RELEASE);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    long n = argc == 3 ? atol(argv[2]) : 0;
    pthread_t threads[THREADS_MAX];

    MUST(seed > 0 && n > 0 && n <= THREADS_MAX);
    for (long i = 0; i < n; i++) {
        models[i] = (struct model){.state = (seed << 8 | (uint64_t)i) * 0x9e3779b97f4a7c15u, .operations = OPERATIONS / n};
        MUST(pthread_create(&threads[i], NULL, run, &models[i]) == 0);
    }
    for (long i = 0; i < n; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    for (int site = 0; site < SITES; site++) {
        long sum[4] = {0};

        for (long i = 0; i < n; i++) {
            sum[0] += models[i].sites[site].made;
            sum[1] += models[i].sites[site].made_bytes;
            sum[2] += models[i].sites[site].live;
            sum[3] += models[i].sites[site].live_bytes;
        }
        printf("%s %ld %ld %ld %ld\n", names[site], sum[0], sum[1], sum[2], sum[3]);
    }
    return 0;
}
