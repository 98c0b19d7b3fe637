#include "backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "net.h"

enum { BACKEND_TIMEOUT = 2000 }; /* milliseconds, for the whole exchange */

/* Not inlined: who reads a stack wants to see who opened this socket. */
__attribute__((noinline))
static int connect_backend(uint16_t port, int64_t deadline)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection < 0)
        return -1;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;

    int error = errno;
    socklen_t length = sizeof error;
    if ((error == EINPROGRESS || error == EINTR) && wait_for(connection, POLLOUT, deadline) &&
        getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0)
        return connection;
    close(connection);
    return -1;
}

static bool send_request(int connection, const char *name, int64_t deadline)
{
    char request[256];
    int length = snprintf(request, sizeof request,
                          "GET /objects/%s HTTP/1.1\r\nHost: object-store\r\n\r\n", name);
    return length < (int)sizeof request &&
           send_all(connection, request, (size_t)length, deadline);
}

/* Returns where the body starts in the response, and its length; 0 when it is not acceptable. */
static size_t parse_response_head(const char *response, size_t head_length, size_t *body_length)
{
    static const char name[] = "\r\nContent-Length:";

    if (strncmp(response, "HTTP/1.1 200 ", 13) != 0)
        return 0;
    const char *field = strcasestr(response, name);
    if (!field || field >= response + head_length)
        return 0;
    return sscanf(field + strlen(name), "%zu", body_length) == 1 ? head_length : 0;
}

static bool receive_object(int connection, struct object *object, int64_t deadline)
{
    char response[2048];
    size_t used = 0;
    size_t head_length = 0;
    size_t body_length = 0;

    while (head_length == 0 || used < head_length + body_length) {
        if (used == sizeof response - 1)
            return false;
        ssize_t received =
            receive_some(connection, response + used, sizeof response - 1 - used, deadline);
        if (received <= 0)
            return false;
        used += (size_t)received;
        response[used] = '\0';
        if (head_length == 0 && (head_length = find_head_end(response, used)) > 0) {
            head_length = parse_response_head(response, head_length, &body_length);
            if (head_length == 0 || body_length >= sizeof object->data)
                return false;
        }
    }
    memcpy(object->data, response + head_length, body_length);
    object->data[body_length] = '\0';
    return true;
}

bool get_object(uint16_t port, const char *name, struct object *object)
{
    int64_t deadline = deadline_after(BACKEND_TIMEOUT);

    object->connection = connect_backend(port, deadline);
    if (object->connection < 0)
        return false;
    if (!send_request(object->connection, name, deadline) ||
        !receive_object(object->connection, object, deadline)) {
        close_object(object);
        return false;
    }
    return true;
}

void close_object(struct object *object)
{
    close(object->connection);
    object->connection = -1;
}
