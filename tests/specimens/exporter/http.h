/* The part of HTTP/1.1 which a server of small answers needs. */
#ifndef HTTP_H
#define HTTP_H

#include <stdint.h>

#include "text.h"

enum http_status {
    HTTP_OK,
    HTTP_BAD_REQUEST,
    HTTP_NOT_FOUND,
    HTTP_METHOD_NOT_ALLOWED,
    HTTP_REQUEST_TIMEOUT,
    HTTP_URI_TOO_LONG,
    HTTP_HEADERS_TOO_LARGE,
    HTTP_INTERNAL_ERROR,
    HTTP_NOT_IMPLEMENTED,
    HTTP_VERSION_NOT_SUPPORTED,
    HTTP_STATUS_COUNT,
};

struct http_request {
    char method[16];
    char path[1024]; /* without the query */
};

struct http_response {
    enum http_status status;
    const char *content_type;
    const char *allow; /* the methods to name in a 405 */
    struct text body;
};

int get_status_code(enum http_status status);
const char *get_status_reason(enum http_status status);

/* The length of the request's head with its empty line, or 0 when it is not complete yet. */
size_t find_head_end(const char *data, size_t length);

/* Takes the head apart in place; head[length] must be 0. */
enum http_status parse_request(char *head, size_t length, struct http_request *request);

/* HTTP_STATUS_COUNT: the client left without a word, there is nobody to answer. */
enum http_status read_request(int connection, struct http_request *request, int64_t deadline);

bool send_response(int connection, const struct http_request *request,
                   const struct http_response *response, int64_t deadline);

#endif
