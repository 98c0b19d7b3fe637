/* What a scrape asks of the object store. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "exporter.h"

struct store_usage {
    unsigned long objects;
    unsigned long bytes;
};

/* False: the store did not answer, or not what it should. */
bool collect(struct exporter *exporter, struct store_usage *usage);

#endif
