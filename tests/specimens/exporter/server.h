/* An HTTP server: a fixed pool of workers, each of which serves one connection at a time. */
#ifndef SERVER_H
#define SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "http.h"

enum { MAX_WORKERS = 64 };

typedef void (*request_handler)(void *context, const struct http_request *request,
                                struct http_response *response);

struct server {
    int listener;
    int stop_event; /* an eventfd: readable, for every worker, once the server has to stop */
    int worker_count;
    int timeout; /* in milliseconds: for a whole request, and for a whole response */
    request_handler handler;
    void *context;
    pthread_t workers[MAX_WORKERS];
    atomic_ulong responses[HTTP_STATUS_COUNT];
};

/* The caller has filled in listener, stop_event, timeout, handler and context. */
bool start_server(struct server *server, int worker_count);

/* Returns when stop_event was written to and every worker has finished its last request. */
void join_server(struct server *server);

#endif
