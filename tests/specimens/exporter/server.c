#include "server.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

/* False: the server has to stop. */
static bool wait_for_client(const struct server *server)
{
    struct pollfd entries[] = {
        {.fd = server->listener, .events = POLLIN},
        {.fd = server->stop_event, .events = POLLIN},
    };
    while (poll(entries, 2, -1) < 0) {
        if (errno != EINTR)
            return false;
    }
    return !(entries[1].revents & POLLIN);
}

static void describe_error(struct http_response *response)
{
    release_text(&response->body);
    response->content_type = "text/plain; charset=utf-8";
    append_text(&response->body, "%d %s\n", get_status_code(response->status),
                get_status_reason(response->status));
}

/*
 * A close with unread bytes resets the connection, and the client may lose our answer. So the
 * rest of what it sends is read, for a short while, before the socket is closed.
 */
static void close_politely(int connection)
{
    char ignored[4096];
    int64_t deadline = deadline_after(500);

    shutdown(connection, SHUT_WR);
    while (receive_some(connection, ignored, sizeof ignored, deadline) > 0) {
        if (!wait_for(connection, POLLIN, deadline))
            break;
    }
    close(connection);
}

static void serve_connection(struct server *server, int connection)
{
    struct http_request request;
    struct http_response response = {.content_type = "text/plain; charset=utf-8"};

    response.status = read_request(connection, &request, deadline_after(server->timeout));
    if (response.status == HTTP_STATUS_COUNT) {
        close(connection);
        return;
    }
    if (response.status == HTTP_OK)
        server->handler(server->context, &request, &response);
    if (response.body.failed)
        response.status = HTTP_INTERNAL_ERROR;
    if (response.status != HTTP_OK)
        describe_error(&response);

    atomic_fetch_add(&server->responses[response.status], 1);
    send_response(connection, &request, &response, deadline_after(server->timeout));
    release_text(&response.body);
    close_politely(connection);
}

static void *run_worker(void *argument)
{
    struct server *server = argument;

    pthread_setname_np(pthread_self(), "http-worker");
    while (wait_for_client(server)) {
        /* Another worker may have been faster: then there is nobody, and we wait again. */
        int connection = accept_connection(server->listener);
        if (connection >= 0)
            serve_connection(server, connection);
    }
    return NULL;
}

bool start_server(struct server *server, int worker_count)
{
    for (server->worker_count = 0; server->worker_count < worker_count; server->worker_count++) {
        pthread_t *worker = &server->workers[server->worker_count];
        int error = pthread_create(worker, NULL, run_worker, server);
        if (error != 0) {
            eventfd_write(server->stop_event, 1);
            join_server(server);
            errno = error;
            return false;
        }
    }
    return true;
}

void join_server(struct server *server)
{
    for (int i = 0; i < server->worker_count; i++)
        pthread_join(server->workers[i], NULL);
}
