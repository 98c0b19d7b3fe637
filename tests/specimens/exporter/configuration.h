/* The configuration, which may be reloaded at any time, and the watchers which go with it. */
#ifndef CONFIGURATION_H
#define CONFIGURATION_H

#include <pthread.h>
#include <stdbool.h>

#include "watchers.h"

struct configuration {
    char cluster[64];
    char object[64]; /* which object of the store to read at a scrape */
};

struct settings {
    pthread_mutex_t lock;
    const char *file; /* NULL: the defaults */
    struct configuration current;
    struct watchers *watchers;
};

void init_settings(struct settings *settings, const char *file);

/* Reads the file and starts watchers for what it says. On failure all stays as it was. */
bool reload_configuration(struct settings *settings, bool stop_old_watchers);

void copy_configuration(struct settings *settings, struct configuration *copy);
void destroy_settings(struct settings *settings);

#endif
