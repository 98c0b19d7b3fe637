/* Running a program traced. Owns nothing; called by `leaktrace run` and `leaktrace gate`. */
#include "target/traced.h"

#include "base/options.h"
#include "common.h"
#include "environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The changes of the program's environment: at most two. A loader of musl's would fail on the library. */
static unsigned make_variables(const char *options, const char *preload, enum program_verdict verdict,
                               struct launch_variable *ret_variables)
{
    unsigned n = 0;

    if (options[0] != '\0')
        ret_variables[n++] = (struct launch_variable){OPTIONS_VARIABLE, options};
    if (verdict != PROGRAM_MUSL)
        ret_variables[n++] = (struct launch_variable){ENVIRONMENT_PRELOAD, preload};
    return n;
}

int traced_start(char **program, const char *library, const char *preload, const char *options, enum program_verdict verdict,
                 struct launch *ret_launch)
{
    char *libraries = must_format("%s%s%s", library, preload[0] == '\0' ? "" : ":", preload);
    struct launch_variable variables[2];
    unsigned n_variables = make_variables(options, libraries, verdict, variables);
    int ret = launch_start(program, variables, n_variables, ret_launch);

    free(libraries);
    if (ret != 0) {
        complain("cannot start a process: %s", strerror(-ret));
        return EXIT_LEAKTRACE;
    }
    if (ret_launch->exec_error != 0) {
        launch_wait(ret_launch, -1);
        launch_finish(ret_launch);
        complain("%s: %s", program[0], strerror(ret_launch->exec_error));
        return ret_launch->exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
    }
    return -1;
}
