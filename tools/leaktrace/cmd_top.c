/* `leaktrace top`: a process, live. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "environment.h"
#include "series/sites.h"
#include "top/feed.h"
#include "top/live.h"
#include "top/screen.h"
#include "top/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOP_DEFAULT 10
#define SECOND_NS 1000000000ll

static const char help[] = "Usage: leaktrace top [OPTIONS] PID\n"
                           "\n"
                           "Shows live what a traced process holds, the sites that grow most first: what\n"
                           "is live there, what it has grown by a minute (over the last minute), and how\n"
                           "many have been acquired there since the start. The process is asked once a\n"
                           "second, or less often: asking takes less than 1 % of a processor from it, and\n"
                           "makes no numbered dumps.\n"
                           "\n"
                           "  --kind KIND         the kind to begin with: heap, fd, thread, ...\n"
                           "  --delay SECONDS     least time between two looks (default 1)\n"
                           "  --times N           ends after so many looks\n"
                           "  --top N             sites of each kind, off a terminal (default 10)\n"
                           "  --help\n"
                           "\n"
                           "Keys:\n"
                           "  q                 quit\n"
                           "  Tab, left, right  another kind\n"
                           "  up, down          choose a site\n"
                           "  Enter             its whole stack; Esc goes back\n"
                           "  Space             freeze what is shown; the process is then not asked\n"
                           "  s                 order by growth, by what is live, by what was ever acquired\n"
                           "\n"
                           "Where standard input or output is no terminal, each look is a block of\n"
                           "plain lines.\n";

struct request {
    int pid;
    const char *kind; /* NULL: all */
    long delay_s;
    long times; /* 0: for ever */
    long top;
};

static bool take_number(const char *text, long max, long *ret_number)
{
    return parse_decimal(text, 1, max, ret_number);
}

/* Reads the options. A negative result means that all is well; else it is the exit status. */
static int read_options(int argc, char **argv, struct request *ret_request)
{
    static const struct option options[] = {{"kind", required_argument, NULL, 'k'},  {"delay", required_argument, NULL, 'd'},
                                            {"times", required_argument, NULL, 'n'}, {"top", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},        {0}};
    bool good = true;
    int option;

    while (good && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 'k':
            ret_request->kind = optarg;
            break;
        case 'd':
            good = take_number(optarg, 86400, &ret_request->delay_s);
            break;
        case 'n':
            good = take_number(optarg, INT_MAX, &ret_request->times);
            break;
        case 't':
            good = take_number(optarg, INT_MAX, &ret_request->top);
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    if (!good)
        return complain_usage(argv[0], "'%s' is no number from 1 that can be meant here", optarg);
    if (argc - optind != 1)
        return complain_usage(argv[0], "top takes one PID");
    return parse_pid(argv[optind], &ret_request->pid) ? -1 : complain_usage(argv[0], "'%s' is not a PID", argv[optind]);
}

static void sleep_until(int64_t moment_ns)
{
    const struct timespec moment = {moment_ns / SECOND_NS, moment_ns % SECOND_NS};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR)
        ;
}

static int look_plainly(struct feed *feed, const struct request *request, struct text *why)
{
    const struct line_page page = environment_page(stdout);
    struct sites sites = {0};
    int ret = feed_refresh(feed, why);

    if (ret == 0)
        ret = feed_sites(feed, &sites, why);
    if (ret == 0)
        screen_print_plain(feed, &sites, request->kind, (size_t)request->top, &page);
    sites_release(&sites);
    return ret;
}

/* Until the process has ended, or its time is over. A look that fails is told, and followed by the next. */
static int run_plainly(struct feed *feed, const struct request *request)
{
    long looks = 0;
    int ret = 0;

    do {
        char why_buf[PATH_MAX + 256] = "";
        struct text why = TEXT_ON(why_buf);

        if (looks > 0)
            sleep_until(feed->next_ns);
        ret = look_plainly(feed, request, &why);
        if (ret != 0)
            complain("%s", why_buf);
        if (ferror(stdout))
            return EXIT_FINE;
    } while (!feed->has_ended && feed->n_shots > 0 && ++looks != request->times);
    return ret == 0 || (feed->has_ended && feed->n_shots > 0) ? EXIT_FINE : EXIT_LEAKTRACE;
}

int cmd_top(int argc, char **argv)
{
    struct request request = {.delay_s = 1, .top = TOP_DEFAULT};
    struct feed feed = {.n_shots = 0};
    int status = read_options(argc, argv, &request);

    if (status >= 0)
        return status;
    feed.pid = request.pid;
    feed.least_period_ns = request.delay_s * SECOND_NS;
    if (terminal_is_there(environment_terminal()))
        status = live_run(&feed, request.kind, request.times, environment_page(stdout).colour);
    else
        status = run_plainly(&feed, &request);
    feed_release(&feed);
    return status;
}
