#include "exporter.h"

/*
 * Measures an application request, by its path. The path holds the user's id: taken as the label
 * it makes one histogram for each user who ever came, and none is ever dropped. The template of
 * the path has one value for all of them.
 */
void observe_request(struct exporter *exporter, const char *path, double seconds)
{
    const char *label = exporter->fixed ? "/users/:id" : path;
    observe_value(&exporter->registry, label, seconds);
}
