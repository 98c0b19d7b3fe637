/* A Prometheus exporter for an object store. The README says what it leaks, and where. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "exporter.h"
#include "net.h"
#include "store_process.h"

struct options {
    int port;
    int backend_port;
    int workers;
    int timeout;
    const char *config;
    bool fixed;
};

static const char usage[] =
    "usage: exporter [options]\n"
    "  --listen PORT        serve on 127.0.0.1:PORT (0, the default: a free one, see stdout)\n"
    "  --backend-port PORT  the object store (0, the default: start one of our own)\n"
    "  --config FILE        lines \"cluster NAME\" and \"object NAME\"; read again at a reload\n"
    "  --workers N          threads which serve requests (4)\n"
    "  --timeout MS         for a client to send its request (5000)\n"
    "  --fixed              leak nothing\n";

static int stop_event; /* the signal handler has no other way to know it */

static void request_stop(int signal)
{
    (void)signal;
    int error = errno;
    eventfd_write(stop_event, 1);
    errno = error;
}

static void stop_at_signals(void)
{
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static int parse_number(const char *text, int low, int high)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < low || number > high) {
        fprintf(stderr, "exporter: \"%s\" is not a number from %d to %d\n", text, low, high);
        exit(2);
    }
    return (int)number;
}

static struct options parse_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'},  {"backend-port", required_argument, NULL, 'b'},
        {"config", required_argument, NULL, 'c'},  {"workers", required_argument, NULL, 'w'},
        {"timeout", required_argument, NULL, 't'}, {"fixed", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct options options = {.workers = 4, .timeout = 5000};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'l': options.port = parse_number(optarg, 0, 65535); break;
        case 'b': options.backend_port = parse_number(optarg, 0, 65535); break;
        case 'c': options.config = optarg; break;
        case 'w': options.workers = parse_number(optarg, 1, MAX_WORKERS); break;
        case 't': options.timeout = parse_number(optarg, 1, 3600000); break;
        case 'f': options.fixed = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(2);
    }
    return options;
}

static void require(bool success, const char *what)
{
    if (!success) {
        fprintf(stderr, "exporter: cannot %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void start_exporter(struct exporter *exporter, const struct options *options)
{
    exporter->fixed = options->fixed;
    exporter->backend_port = (uint16_t)options->backend_port;
    if (exporter->backend_port == 0)
        exporter->backend_port = start_object_store();
    require(exporter->backend_port != 0, "start the object store");

    init_registry(&exporter->registry);
    init_settings(&exporter->settings, options->config);
    require(reload_configuration(&exporter->settings, exporter->fixed), "configure");

    struct server *server = &exporter->server;
    server->handler = handle_request;
    server->context = exporter;
    server->timeout = options->timeout;
    server->stop_event = stop_event;
    server->listener = listen_on_loopback((uint16_t)options->port);
    require(server->listener >= 0, "listen");
    require(start_server(server, options->workers), "start the workers");
}

int main(int argc, char **argv)
{
    struct options options = parse_options(argc, argv);
    static struct exporter exporter;

    raise_open_files_limit();
    stop_event = eventfd(0, EFD_CLOEXEC);
    require(stop_event >= 0, "create an event");
    stop_at_signals();
    start_exporter(&exporter, &options);
    printf("exporter: listening on 127.0.0.1:%u\n", get_local_port(exporter.server.listener));
    fflush(stdout);

    join_server(&exporter.server);
    close(exporter.server.listener);
    close(stop_event);
    if (options.fixed) {
        destroy_settings(&exporter.settings);
        destroy_registry(&exporter.registry);
    }
    return 0;
}
