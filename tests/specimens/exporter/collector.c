#include "collector.h"

#include <stdio.h>

#include "backend.h"

bool collect(struct exporter *exporter, struct store_usage *usage)
{
    struct configuration configuration;
    struct object object;

    copy_configuration(&exporter->settings, &configuration);
    if (!get_object(exporter->backend_port, configuration.object, &object))
        return false;
    bool understood =
        sscanf(object.data, "objects %lu\nbytes %lu", &usage->objects, &usage->bytes) == 2;

    /*
     * The object was read, and is forgotten. But the store keeps the connection alive for a next
     * request, which never comes: without this close, every scrape leaves one behind.
     */
    if (exporter->fixed)
        close_object(&object);
    return understood;
}
