/* leaktrace, the command: one table of what it can do. Owns nothing; each command has a file of its own. */
#include "base/memory.h"
#include "commands.h"
#include "base/nearest.h"
#include "common.h"
#include "profile/profile.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    command *run; /* NULL: not yet there */
    const char *synopsis;
    const char *help;
};

static const struct row rows[] = {
    {"run", cmd_run, "[OPTIONS] -- PROGRAM [ARG...]", "run a program traced, with a summary"},
    {"ls", cmd_ls, "", "the traced processes and their figures"},
    {"dump", cmd_dump, "PID", "ask for a dump, and print its paths"},
    {"mark", cmd_mark, "PID", "set the mark that growth starts from"},
    {"report", cmd_report, "SOURCE...", "what leaks or is live, worst first"},
    {"top", cmd_top, "PID", "live view, sites ordered by growth"},
    {"diff", cmd_diff, "OLD NEW", "what changed between two dumps"},
    {"trend", cmd_trend, "SOURCE...", "how each site went over a series of dumps"},
    {"flame", cmd_flame, "SOURCE... -o OUT.html", "a flame graph in one page"},
    {"export", cmd_export, "--to FORMAT SOURCE", "a dump for another tool"},
    {"gate", cmd_gate, "[OPTIONS] -- PROGRAM [ARG...]", "exit status says whether it leaks"},
    {"serve", NULL, "PID|DIR", "profiles and metrics over HTTP"},
    {"doctor", cmd_doctor, "PROGRAM|PID", "whether it can be traced, and why not"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int print_help(void)
{
    puts("leaktrace shows which code opened, allocated or started what is still there.\n"
         "\n"
         "Usage: leaktrace COMMAND [ARGUMENT...]\n");
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].run != NULL)
            printf("  %-6s %-29s %s\n", rows[i].name, rows[i].synopsis, rows[i].help);
    fputs("\nNot yet there:", stdout);
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].run == NULL)
            printf(" %s", rows[i].name);
    puts("\n"
         "\n"
         "  --help     also behind each command\n"
         "  --version\n"
         "\n"
         "SOURCE is a PID, a dump, several dumps, or a folder of dumps.\n"
         "Exit status: 0 fine; 2 wrong usage; 3 leaktrace itself failed; of run: the\n"
         "program's own; of gate: the program's own, 23 when it leaks; of doctor: 1 when\n"
         "it cannot be traced.");
    return EXIT_FINE;
}

static int refuse_unknown(const char *name)
{
    const char *names[N_ROWS], *nearest;

    for (size_t i = 0; i < N_ROWS; i++)
        names[i] = rows[i].name;
    nearest = nearest_word(name, names, N_ROWS);
    if (nearest == NULL)
        return complain_usage("", "there is no command '%s'", name);
    return complain_usage("", "there is no command '%s'; did you mean '%s'?", name, nearest);
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].name, argv[0]) != 0)
            continue;
        if (rows[i].run != NULL)
            return rows[i].run(argc, argv);
        complain("'%s' is not yet there", argv[0]);
        return EXIT_USAGE;
    }
    return refuse_unknown(argv[0]);
}

/* Results that did not reach their reader are a failure, but for one who closed the pipe: he has seen enough. */
static int finish(int status)
{
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE || status != EXIT_FINE)
        return status;
    complain("cannot write the result: %s", strerror(errno));
    return EXIT_LEAKTRACE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return complain_usage("", "what is to be done? A command is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return finish(print_help());
    if (strcmp(argv[1], "--version") == 0) {
        puts("leaktrace " LEAKTRACE_VERSION);
        return finish(EXIT_FINE);
    }
    memory_set_cap(PROFILE_MEMORY_MAX);
    opterr = 0;
    return finish(run_command(argc - 1, argv + 1));
}
