/* Options of the views. Owns nothing; called by the commands that show dumps. */
#include "view_options.h"

#include "common.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#define TOP_DEFAULT 10

int view_options_read(int argc, char **argv, const char *help, struct view_options *ret_options)
{
    static const struct option options[] = {{"top", required_argument, NULL, 't'},
                                            {"kind", required_argument, NULL, 'k'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    long top = TOP_DEFAULT;
    int option, status;

    *ret_options = (struct view_options){.top = TOP_DEFAULT};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 't':
            if (!parse_decimal(optarg, 1, INT_MAX, &top))
                return complain_usage(argv[0], "--top takes a number from 1, not '%s'", optarg);
            ret_options->top = (size_t)top;
            break;
        case 'k':
            ret_options->kind = optarg;
            break;
        case 'f':
            status = read_format(argv[0], optarg, &ret_options->as_json);
            if (status >= 0)
                return status;
            break;
        default:
            return complain_usage(argv[0], "'%s' is unknown or lacks its value", argv[optind - 1]);
        }
    }
    return -1;
}
