/* Valgrind's log, which CTest's memcheck step and other tools count: the leaks that fail. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/process.h"
#include "view/chain.h"

#include <inttypes.h>
#include <stdlib.h>

/* Valgrind's word for what was lost. It has none for descriptors and threads: for its readers they are lost too. */
static const char *state_of(const struct leak *leak)
{
    switch (leak->class) {
    case LEAK_POSSIBLE:
        return "possibly lost";
    case LEAK_REACHABLE:
        return "still reachable";
    default:
        return "definitely lost";
    }
}

static void write_record(const struct verdict *verdict, size_t at, size_t number, FILE *out)
{
    const struct leak *leak = verdict->leaks->sorted[at];
    int pid = leak->n_processes == 0 ? 0 : leak->processes[0]->pid;
    char *what = leak_describe(leak);
    const char **tests;
    size_t n_tests = verdict_tests(leak, &tests);

    fprintf(out, "==%d== %" PRId64 " bytes in %" PRId64 " blocks are %s in loss record %zu of %zu\n", pid, leak->amount.bytes,
            leak->amount.count, state_of(leak), number, verdict->n_failing);
    for (size_t i = 0; i < leak->n_frames; i++) {
        char *name = chain_name_frame(leak->frames[i]);

        fprintf(out, "==%d==    %s %s\n", pid, i == 0 ? "at" : "by", name);
        free(name);
    }
    for (size_t i = 0; i < n_tests; i++)
        fprintf(out, "==%d==    test %s\n", pid, tests[i]);
    fprintf(out, "==%d==    %s, fingerprint %s\n==%d== \n", pid, what, leak->fingerprint.id, pid);
    free(tests);
    free(what);
}

void format_valgrind(const struct verdict *verdict, FILE *out)
{
    size_t number = 0;

    for (size_t i = 0; i < verdict->leaks->n; i++)
        if (verdict->leaks->sorted[i]->fails)
            write_record(verdict, i, ++number, out);
}
