#include "exporter.h"

#include <string.h>
#include <time.h>

static double now_in_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool method_is(const struct http_request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

static bool is_read(const struct http_request *request)
{
    return method_is(request, "GET") || method_is(request, "HEAD");
}

static void refuse_method(struct http_response *response, const char *allowed)
{
    response->status = HTTP_METHOD_NOT_ALLOWED;
    response->allow = allowed;
}

static void answer_metrics(struct exporter *exporter, struct http_response *response)
{
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    write_metrics_page(exporter, &response->body);
}

static void answer_reload(struct exporter *exporter, struct http_response *response)
{
    if (!reload_configuration(&exporter->settings, exporter->fixed)) {
        response->status = HTTP_INTERNAL_ERROR;
        return;
    }
    atomic_fetch_add(&exporter->reloads, 1);
    append_text(&response->body, "configuration reloaded\n");
}

/* The application itself: all that it does for a user is to greet. */
static void answer_user(const char *user, struct http_response *response)
{
    append_text(&response->body, "hello, user %.*s\n", (int)strcspn(user, "/"), user);
}

void handle_request(void *context, const struct http_request *request,
                    struct http_response *response)
{
    struct exporter *exporter = context;
    const char *path = request->path;

    if (strcmp(path, "/metrics") == 0) {
        if (is_read(request))
            answer_metrics(exporter, response);
        else
            refuse_method(response, "GET, HEAD");
    } else if (strcmp(path, "/-/reload") == 0) {
        if (method_is(request, "GET") || method_is(request, "POST"))
            answer_reload(exporter, response);
        else
            refuse_method(response, "GET, POST");
    } else if (strncmp(path, "/users/", 7) == 0 && path[7] != '\0' && path[7] != '/') {
        if (is_read(request)) {
            double start = now_in_seconds();
            answer_user(path + 7, response);
            observe_request(exporter, path, now_in_seconds() - start);
        } else {
            refuse_method(response, "GET, HEAD");
        }
    } else {
        response->status = HTTP_NOT_FOUND;
    }
}
