/* What the parts of the exporter share. */
#ifndef EXPORTER_H
#define EXPORTER_H

#include "configuration.h"
#include "registry.h"
#include "server.h"

struct exporter {
    bool fixed; /* without the three leaks */
    uint16_t backend_port;
    struct settings settings;
    struct registry registry;
    struct server server;
    atomic_ulong scrapes;
    atomic_ulong reloads;
};

/* routes.c: the request_handler of the server, its context is the exporter. */
void handle_request(void *context, const struct http_request *request,
                    struct http_response *response);

/* middleware.c */
void observe_request(struct exporter *exporter, const char *path, double seconds);

/* metrics_page.c */
void write_metrics_page(struct exporter *exporter, struct text *page);

/* process_metrics.c */
void write_process_metrics(struct text *page);

#endif
