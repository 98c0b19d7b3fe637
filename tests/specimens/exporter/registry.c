#include "registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The usual buckets of Prometheus' client libraries, in seconds; +Inf comes after them. */
static const double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
enum { BOUND_COUNT = sizeof bounds / sizeof *bounds };

void init_registry(struct registry *registry)
{
    *registry = (struct registry){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static void free_histogram(struct histogram *histogram)
{
    free(histogram->path);
    free(histogram->buckets);
    free(histogram);
}

void destroy_registry(struct registry *registry)
{
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        while (registry->chains[i]) {
            struct histogram *histogram = registry->chains[i];
            registry->chains[i] = histogram->next;
            free_histogram(histogram);
        }
    }
    pthread_mutex_destroy(&registry->lock);
}

static struct histogram **find_chain(struct registry *registry, const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 16777619u;
    return &registry->chains[hash % CHAIN_COUNT];
}

/* Not inlined: who reads a stack wants to see who asked for this memory. */
__attribute__((noinline))
static struct histogram *register_histogram(struct histogram **chain, const char *path)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    if (!histogram)
        return NULL;
    histogram->path = strdup(path);
    histogram->buckets = calloc(BOUND_COUNT + 1, sizeof *histogram->buckets);
    if (!histogram->path || !histogram->buckets) {
        free_histogram(histogram);
        return NULL;
    }
    histogram->next = *chain;
    *chain = histogram;
    return histogram;
}

void observe_value(struct registry *registry, const char *path, double value)
{
    size_t bucket = 0;
    while (bucket < BOUND_COUNT && value > bounds[bucket])
        bucket++;

    pthread_mutex_lock(&registry->lock);
    struct histogram **chain = find_chain(registry, path);
    struct histogram *histogram = *chain;
    while (histogram && strcmp(histogram->path, path) != 0)
        histogram = histogram->next;
    if (!histogram)
        histogram = register_histogram(chain, path);
    if (histogram) {
        histogram->buckets[bucket]++;
        histogram->count++;
        histogram->sum += value;
    }
    pthread_mutex_unlock(&registry->lock);
}

void write_label_value(struct text *page, const char *value)
{
    while (*value) {
        size_t plain = strcspn(value, "\\\"\n");
        append_text(page, "%.*s", (int)plain, value);
        value += plain;
        if (*value) {
            append_text(page, *value == '\n' ? "\\n" : "\\%c", *value);
            value++;
        }
    }
}

static void write_sample(struct text *page, const char *suffix, const struct histogram *histogram)
{
    append_text(page, "http_request_duration_seconds_%s{path=\"", suffix);
    write_label_value(page, histogram->path);
}

static void write_histogram(struct text *page, const struct histogram *histogram)
{
    uint64_t cumulative = 0;
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        cumulative += histogram->buckets[i];
        write_sample(page, "bucket", histogram);
        append_text(page, "\",le=\"%g\"} %" PRIu64 "\n", bounds[i], cumulative);
    }
    write_sample(page, "bucket", histogram);
    append_text(page, "\",le=\"+Inf\"} %" PRIu64 "\n", histogram->count);
    write_sample(page, "sum", histogram);
    append_text(page, "\"} %.17g\n", histogram->sum);
    write_sample(page, "count", histogram);
    append_text(page, "\"} %" PRIu64 "\n", histogram->count);
}

void write_histograms(struct registry *registry, struct text *page)
{
    append_text(page, "# HELP http_request_duration_seconds Duration of application requests.\n"
                      "# TYPE http_request_duration_seconds histogram\n");
    pthread_mutex_lock(&registry->lock);
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        const struct histogram *histogram = registry->chains[i];
        for (; histogram; histogram = histogram->next)
            write_histogram(page, histogram);
    }
    pthread_mutex_unlock(&registry->lock);
}
