/* The histograms of request durations, one for each value of the label "path". */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <pthread.h>
#include <stdint.h>

#include "text.h"

enum { CHAIN_COUNT = 1024 };

struct histogram {
    char *path;
    uint64_t *buckets; /* not cumulative; the last one is +Inf */
    uint64_t count;
    double sum;
    struct histogram *next;
};

struct registry {
    pthread_mutex_t lock;
    struct histogram *chains[CHAIN_COUNT]; /* a hash table of constant size */
};

void init_registry(struct registry *registry);
void destroy_registry(struct registry *registry);

/* Adds a value to the histogram of this path, which it registers when it is new. */
void observe_value(struct registry *registry, const char *path, double value);

void write_histograms(struct registry *registry, struct text *page);

/* Writes a label's value with the escapes of the exposition format. */
void write_label_value(struct text *page, const char *value);

#endif
