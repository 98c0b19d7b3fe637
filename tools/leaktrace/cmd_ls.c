/*
 * `leaktrace ls`: the traced processes. Owns nothing.
 *
 * The JSON form: {"schema": 1, "processes": [{"pid", "program", "age_ns", "answered", "status_age_ns", "heap_bytes",
 * "heap_objects", "heap_growth_bytes", "fds", "fds_growth", "threads", "threads_growth", "own_bytes", "own_cpu_ns",
 * "dropped_events", "truncated_stacks", "lock_waits", "lock_timeouts", "pause_ns", "dir", "signal", "version"}]};
 * "answered" is false for a process that did not refresh its figures in time.
 */
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "target/target.h"
#include "view/json.h"
#include "view/units.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 1000
#define SCHEMA 1
#define NARROW 80
#define NAME_WIDTH 12
#define NAME_WIDTH_MAX 40

static const char help[] = "Usage: leaktrace ls [--own] [--format text|json]\n"
                           "\n"
                           "Lists the traced processes that you may look into. GROWTH is heap made since\n"
                           "the mark and still live; a '~' before an age says that the process did not\n"
                           "answer and the figures are those of its last sign of life.\n"
                           "\n"
                           "  --own            what leaktrace itself takes in each of them, and how far its\n"
                           "                   figures can be trusted: memory, processor time of dumps,\n"
                           "                   events dropped, stacks truncated, waits for locks, and the\n"
                           "                   longest that the program may have waited for the last\n"
                           "                   snapshot\n"
                           "  --format=FORMAT  text, or json: all of it\n";

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000l + now.tv_nsec;
}

/* The age in its largest unit only. */
static const char *short_age(int64_t ns, struct units_text *buf)
{
    const char *age = units_duration(ns, buf);
    char *space = strchr(buf->text, ' ');

    space = space == NULL ? NULL : strchr(space + 1, ' ');
    if (space != NULL)
        *space = '\0';
    return age;
}

/* What is wider than NARROW goes to the names. */
static int name_width(const struct line_page *page)
{
    int width = NAME_WIDTH + (int)page->width - NARROW;

    return width < NAME_WIDTH ? NAME_WIDTH : width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : width;
}

static void print_row(const struct target *target, int64_t now, const struct line_page *page)
{
    const struct status *status = &target->status;
    struct units_text age, heap, growth;
    struct line line = {.n = 0};
    int width = name_width(page);

    line_add(&line, LINE_PLAIN, "%7d %-*.*s %s%-6s %9s %9" PRId64 " %5" PRId64 " %7" PRId64 " %9s %7" PRId64,
             target->pid, width, width, status->exe, target->outcome == TARGET_ANSWERED ? " " : "~",
             short_age(now - status->start_ns, &age), units_bytes(status->heap_bytes, &heap), status->heap_objects,
             status->fds, status->threads, units_bytes(status->heap_growth_bytes, &growth), status->dropped);
    line_print(&line, page);
}

static void print_own_row(const struct target *target, const struct line_page *page)
{
    const struct status *status = &target->status;
    struct units_text memory, cpu;
    struct line line = {.n = 0};
    int width = name_width(page);

    line_add(&line, LINE_PLAIN, "%7d %-*.*s %9s %9s %9" PRId64 " %9" PRId64 " %6" PRId64 " %6" PRId64 " us", target->pid, width, width,
             status->exe, units_bytes(status->own_bytes, &memory), short_age(status->own_cpu_ns, &cpu), status->dropped,
             status->truncated, status->lock_waits, status->pause_ns / 1000);
    line_print(&line, page);
}

static void print_own_table(const struct target *targets, size_t n)
{
    const struct line_page page = environment_page(stdout);
    struct line line = {.n = 0};

    line_add(&line, LINE_STRONG, "%7s %-*s %9s %9s %9s %9s %6s %9s", "PID", name_width(&page), "PROGRAM", "MEMORY", "CPU",
             "DROPPED", "TRUNCATED", "WAITS", "PAUSE");
    line_print(&line, &page);
    for (size_t i = 0; i < n; i++)
        print_own_row(&targets[i], &page);
}

static void print_table(const struct target *targets, size_t n)
{
    const struct line_page page = environment_page(stdout);
    struct line line = {.n = 0};

    line_add(&line, LINE_STRONG, "%7s %-*s  %-6s %9s %9s %5s %7s %9s %7s", "PID", name_width(&page), "PROGRAM", "AGE",
             "HEAP", "OBJECTS", "FDS", "THREADS", "GROWTH", "DROPPED");
    line_print(&line, &page);
    for (size_t i = 0; i < n; i++)
        print_row(&targets[i], now_ns(), &page);
}

static void write_process(struct json *json, const struct target *target)
{
    const struct status *status = &target->status;
    int64_t now = now_ns();

    json_open_object(json, NULL);
    json_int(json, "pid", target->pid);
    json_string(json, "program", status->exe);
    json_int(json, "age_ns", now - status->start_ns);
    json_bool(json, "answered", target->outcome == TARGET_ANSWERED);
    json_int(json, "status_age_ns", now - status->written_ns);
    json_int(json, "heap_bytes", status->heap_bytes);
    json_int(json, "heap_objects", status->heap_objects);
    json_int(json, "heap_growth_bytes", status->heap_growth_bytes);
    json_int(json, "fds", status->fds);
    json_int(json, "fds_growth", status->fds_growth);
    json_int(json, "threads", status->threads);
    json_int(json, "threads_growth", status->threads_growth);
    json_int(json, "own_bytes", status->own_bytes);
    json_int(json, "own_cpu_ns", status->own_cpu_ns);
    json_int(json, "dropped_events", status->dropped);
    json_int(json, "truncated_stacks", status->truncated);
    json_int(json, "lock_waits", status->lock_waits);
    json_int(json, "lock_timeouts", status->lock_timeouts);
    json_int(json, "pause_ns", status->pause_ns);
    json_string(json, "dir", status->dir);
    json_string(json, "signal", status->signal);
    json_string(json, "version", status->version);
    json_close(json);
}

static void write_json(const struct target *targets, size_t n)
{
    struct json json = {.out = stdout};

    json_open_object(&json, NULL);
    json_int(&json, "schema", SCHEMA);
    json_open_array(&json, "processes");
    for (size_t i = 0; i < n; i++)
        write_process(&json, &targets[i]);
    json_close(&json);
    json_close(&json);
}

static void list(bool as_json, bool own)
{
    struct target *targets;
    size_t n = target_list(&targets);

    if (n > 0)
        target_ask_all(targets, n, CONTROL_STATUS, PATIENCE_MS);
    if (as_json)
        write_json(targets, n);
    else if (n > 0 && own)
        print_own_table(targets, n);
    else if (n > 0)
        print_table(targets, n);
    else
        complain("no traced processes");
    free(targets);
}

int cmd_ls(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"own", no_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool as_json = false, own = false;
    int option, status;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 'o':
            own = true;
            break;
        case 'f':
            status = read_format(argv[0], optarg, &as_json);
            if (status >= 0)
                return status;
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return complain_usage(argv[0], "ls takes no '%s'", argv[optind]);
    list(as_json, own);
    return EXIT_FINE;
}
