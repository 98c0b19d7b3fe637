/* `leaktrace dump PID` and `leaktrace mark PID`. Owns nothing. */
#include "base/text.h"
#include "commands.h"
#include "common.h"
#include "target/ask_dump.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char dump_help[] = "Usage: leaktrace dump PID\n"
                                "\n"
                                "Asks a traced process to write a dump now, waits for it, and prints the paths of\n"
                                "its files, one on each line. The program is not stopped, and its signal handlers\n"
                                "are not run.\n";

static const char mark_help[] = "Usage: leaktrace mark PID\n"
                                "\n"
                                "Sets the mark of a traced process: from then on, growth is what was made after\n"
                                "the mark and is still live.\n";

/* Reads `PID` or --help. A negative result means that `ret_pid` is there; else it is the exit status. */
static int read_arguments(int argc, char **argv, const char *help, int *ret_pid)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return EXIT_FINE;
    }
    if (argc != 2)
        return complain_usage(argv[0], "%s takes one PID", argv[0]);
    if (!parse_pid(argv[1], ret_pid))
        return complain_usage(argv[0], "'%s' is not a PID", argv[1]);
    return -1;
}

/* Prints the paths of all files of a dump, of any format, in the order of their names; false when there are none. */
static bool print_paths(const struct ask_dump *dump)
{
    const struct status *status = &dump->target.status;
    char *prefix = must_format("%s.%d.%s.", status->exe, dump->target.pid, dump->seq);
    struct dirent **entries = NULL;
    int n = scandir(status->dir, &entries, NULL, alphasort);
    bool found = false;

    for (int i = 0; i < n; i++) {
        if (begins_with(entries[i]->d_name, prefix)) {
            printf("%s/%s\n", status->dir, entries[i]->d_name);
            found = true;
        }
        free(entries[i]);
    }
    free(entries);
    free(prefix);
    return found;
}

int cmd_dump(int argc, char **argv)
{
    char why_buf[512] = "";
    struct text why = TEXT_ON(why_buf);
    struct ask_dump dump;
    int pid, status = read_arguments(argc, argv, dump_help, &pid);

    if (status >= 0)
        return status;
    if (ask_dump(pid, &dump, &why) != 0) {
        complain("%s", why_buf);
        return EXIT_LEAKTRACE;
    }
    if (print_paths(&dump))
        return EXIT_FINE;
    complain("process %d says that it has written dump %s, but it is not in %s", pid, dump.seq, dump.target.status.dir);
    return EXIT_LEAKTRACE;
}

int cmd_mark(int argc, char **argv)
{
    char why_buf[512] = "";
    struct text why = TEXT_ON(why_buf);
    struct target target;
    int pid, status = read_arguments(argc, argv, mark_help, &pid);

    if (status >= 0)
        return status;
    if (target_find(pid, &target, &why) == 0 && target_ask(&target, CONTROL_MARK, &why) == 0)
        return EXIT_FINE;
    complain("%s", why_buf);
    return EXIT_LEAKTRACE;
}
