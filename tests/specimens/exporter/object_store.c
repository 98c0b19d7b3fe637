/*
 * The exporter's backend: a store with one object, "usage", which says how full the store is.
 * As HTTP/1.1 servers do it keeps a connection open for further requests until the client closes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "net.h"

struct connection {
    int socket;
    size_t used;
    char input[2048];
};

static void open_connection(int events, int listener)
{
    int socket = accept_connection(listener);
    if (socket < 0)
        return;
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (!connection || epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) != 0) {
        free(connection);
        close(socket);
        return;
    }
    connection->socket = socket;
}

static void close_connection(struct connection *connection)
{
    close(connection->socket);
    free(connection);
}

static void read_object(const char *path, struct http_response *response)
{
    static unsigned long objects = 1200;

    if (strcmp(path, "/objects/usage") != 0) {
        response->status = HTTP_NOT_FOUND;
        return;
    }
    objects++; /* somebody always stores something */
    append_text(&response->body, "objects %lu\nbytes %lu\n", objects, objects * 4096);
}

static bool answer_request(struct connection *connection, size_t head_length)
{
    char head[sizeof connection->input + 1];
    char answer[512];
    struct http_request request;
    struct http_response response = {.status = HTTP_OK};

    memcpy(head, connection->input, head_length);
    head[head_length] = '\0';
    response.status = parse_request(head, head_length, &request);
    if (response.status == HTTP_OK && strcmp(request.method, "GET") != 0)
        response.status = HTTP_METHOD_NOT_ALLOWED;
    if (response.status == HTTP_OK)
        read_object(request.path, &response);

    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\n%s"
                          "Content-Length: %zu\r\n\r\n%s",
                          get_status_code(response.status), get_status_reason(response.status),
                          response.status == HTTP_METHOD_NOT_ALLOWED ? "Allow: GET\r\n" : "",
                          response.body.length, response.body.length ? response.body.data : "");
    release_text(&response.body);
    return send_all(connection->socket, answer, (size_t)length, deadline_after(1000)) &&
           response.status != HTTP_BAD_REQUEST;
}

/* False: the connection is over. */
static bool serve_connection(struct connection *connection)
{
    ssize_t received = recv(connection->socket, connection->input + connection->used,
                            sizeof connection->input - connection->used, 0);
    if (received < 0)
        return errno == EAGAIN || errno == EINTR;
    if (received == 0)
        return false;
    connection->used += (size_t)received;

    size_t head_length;
    while ((head_length = find_head_end(connection->input, connection->used)) > 0) {
        if (!answer_request(connection, head_length))
            return false;
        connection->used -= head_length;
        memmove(connection->input, connection->input + head_length, connection->used);
    }
    return connection->used < sizeof connection->input;
}

static void run_store(int events, int listener)
{
    struct epoll_event ready[64];
    for (;;) {
        int count = epoll_wait(events, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (!connection)
                open_connection(events, listener);
            else if (!serve_connection(connection))
                close_connection(connection);
        }
    }
}

int main(int argc, char **argv)
{
    int port = 0;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--listen") == 0) {
            port = atoi(argv[i + 1]);
        } else if (i + 1 < argc && strcmp(argv[i], "--with-parent") == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != atoi(argv[i + 1]))
                return 1; /* it was gone before we asked */
        } else {
            fprintf(stderr, "usage: object-store [--listen PORT] [--with-parent PID]\n");
            return 2;
        }
    }

    raise_open_files_limit();
    int listener = listen_on_loopback((uint16_t)port);
    int events = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN}; /* the listener has no connection */
    if (listener < 0 || events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, listener, &event) != 0) {
        perror("object-store");
        return 1;
    }
    printf("object-store: listening on 127.0.0.1:%u\n", get_local_port(listener));
    fflush(stdout);
    run_store(events, listener);
}
