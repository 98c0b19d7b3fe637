#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net.h"

static const struct {
    int code;
    const char *reason;
} statuses[HTTP_STATUS_COUNT] = {
    [HTTP_OK] = {200, "OK"},
    [HTTP_BAD_REQUEST] = {400, "Bad Request"},
    [HTTP_NOT_FOUND] = {404, "Not Found"},
    [HTTP_METHOD_NOT_ALLOWED] = {405, "Method Not Allowed"},
    [HTTP_REQUEST_TIMEOUT] = {408, "Request Timeout"},
    [HTTP_URI_TOO_LONG] = {414, "URI Too Long"},
    [HTTP_HEADERS_TOO_LARGE] = {431, "Request Header Fields Too Large"},
    [HTTP_INTERNAL_ERROR] = {500, "Internal Server Error"},
    [HTTP_NOT_IMPLEMENTED] = {501, "Not Implemented"},
    [HTTP_VERSION_NOT_SUPPORTED] = {505, "HTTP Version Not Supported"},
};

int get_status_code(enum http_status status)
{
    return statuses[status].code;
}

const char *get_status_reason(enum http_status status)
{
    return statuses[status].reason;
}

size_t find_head_end(const char *data, size_t length)
{
    const char *end = data + length;
    const char *newline = data;
    while ((newline = memchr(newline, '\n', (size_t)(end - newline)))) {
        newline++;
        if (newline < end && *newline == '\n')
            return (size_t)(newline + 1 - data);
        if (newline + 1 < end && newline[0] == '\r' && newline[1] == '\n')
            return (size_t)(newline + 2 - data);
    }
    return 0;
}

static bool is_token(const char *word)
{
    if (!*word)
        return false;
    for (; *word; word++) {
        if (!isalnum((unsigned char)*word) && !strchr("!#$%&'*+-.^_`|~", *word))
            return false;
    }
    return true;
}

static bool is_visible_ascii(const char *word)
{
    for (; *word; word++) {
        if (*word <= ' ' || *word > '~')
            return false;
    }
    return true;
}

static char *take_line(char **rest)
{
    char *line = strsep(rest, "\n");
    size_t length = line ? strlen(line) : 0;
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

static enum http_status parse_request_line(char *line, struct http_request *request,
                                           bool *needs_host)
{
    char *method = strsep(&line, " ");
    char *target = strsep(&line, " ");
    char *version = line;
    if (!target || !version || !is_token(method) || *target != '/' || !is_visible_ascii(target))
        return HTTP_BAD_REQUEST;
    if (strncmp(version, "HTTP/", 5) != 0)
        return HTTP_BAD_REQUEST;
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return HTTP_VERSION_NOT_SUPPORTED;
    if (strlen(method) >= sizeof request->method)
        return HTTP_NOT_IMPLEMENTED;

    size_t path_length = strcspn(target, "?");
    if (path_length >= sizeof request->path)
        return HTTP_URI_TOO_LONG;
    strcpy(request->method, method);
    memcpy(request->path, target, path_length);
    request->path[path_length] = '\0';
    *needs_host = version[7] == '1';
    return HTTP_OK;
}

enum http_status parse_request(char *head, size_t length, struct http_request *request)
{
    bool needs_host;
    char *rest = head;
    char *line;

    if (memchr(head, '\0', length))
        return HTTP_BAD_REQUEST;
    enum http_status status = parse_request_line(take_line(&rest), request, &needs_host);
    if (status != HTTP_OK)
        return status;

    while ((line = take_line(&rest)) && *line) {
        char *value = line;
        char *name = strsep(&value, ":");
        if (!value || !is_token(name))
            return HTTP_BAD_REQUEST;
        if (strcasecmp(name, "Host") == 0)
            needs_host = false;
    }
    return needs_host ? HTTP_BAD_REQUEST : HTTP_OK;
}

enum http_status read_request(int connection, struct http_request *request, int64_t deadline)
{
    char head[8192];
    size_t used = 0;
    size_t head_length = 0;

    *request = (struct http_request){0};
    while (head_length == 0) {
        if (used == sizeof head - 1)
            return HTTP_HEADERS_TOO_LARGE;
        ssize_t received =
            receive_some(connection, head + used, sizeof head - 1 - used, deadline);
        if (received < 0)
            return errno == ETIMEDOUT ? HTTP_REQUEST_TIMEOUT : HTTP_STATUS_COUNT;
        if (received == 0)
            return used == 0 ? HTTP_STATUS_COUNT : HTTP_BAD_REQUEST;
        used += (size_t)received;
        head_length = find_head_end(head, used);
    }
    head[head_length] = '\0';
    return parse_request(head, head_length, request);
}

bool send_response(int connection, const struct http_request *request,
                   const struct http_response *response, int64_t deadline)
{
    char head[512];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %d %s\r\n"
                          "Content-Type: %s\r\n"
                          "Content-Length: %zu\r\n"
                          "%s%s%s"
                          "Connection: close\r\n"
                          "\r\n",
                          get_status_code(response->status), get_status_reason(response->status),
                          response->content_type, response->body.length,
                          response->allow ? "Allow: " : "", response->allow ? response->allow : "",
                          response->allow ? "\r\n" : "");
    if (!send_all(connection, head, (size_t)length, deadline))
        return false;
    if (strcmp(request->method, "HEAD") == 0)
        return true;
    return send_all(connection, response->body.data, response->body.length, deadline);
}
