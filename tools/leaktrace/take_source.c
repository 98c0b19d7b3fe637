/* From a SOURCE of the command line to dumps. Owns nothing; called by the commands that take a SOURCE. */
#include "take_source.h"

#include "base/text.h"
#include "common.h"
#include "profile/source.h"
#include "target/ask_dump.h"

#include <limits.h>
#include <sys/stat.h>

/* Adds a dump of a process, made now. What goes wrong is told in `why`, here and below. */
static void add_process(struct source *source, int pid, bool every, struct text *why)
{
    size_t before = source->n_sets;
    struct ask_dump dump;

    if (ask_dump(pid, &dump, why) != 0)
        return;
    const struct source_filter filter = {
        .pid = pid, .exe = dump.target.status.exe, .seq = every ? NULL : dump.seq, .every = every};

    if (source_add_folder(source, dump.target.status.dir, &filter, why) == 0 && source->n_sets == before)
        text_format(why, "dump %s of process %d is in %s, but not as profiles (option format)", dump.seq, pid,
                    dump.target.status.dir);
}

static void add_path(struct source *source, const char *path, bool every, struct text *why)
{
    const struct source_filter any = {.every = every};
    char problem_buf[256] = "";
    struct text problem = TEXT_ON(problem_buf);
    size_t before = source->n_sets;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        source_add_file(source, path, &problem);
    else if (source_add_folder(source, path, &any, &problem) == 0 && source->n_sets == before)
        text_add(&problem, "there are no dumps in this folder");
    if (problem.len > 0)
        text_format(why, "%s: %s", path, problem_buf);
}

static bool take(struct source *source, const char *argument, bool every)
{
    char why_buf[PATH_MAX + 256] = "";
    struct text why = TEXT_ON(why_buf);
    int pid;

    if (parse_pid(argument, &pid))
        add_process(source, pid, every, &why);
    else
        add_path(source, argument, every, &why);
    if (why.len > 0)
        complain("%s", why_buf);
    return why.len == 0;
}

bool take_source(struct source *source, const char *argument)
{
    return take(source, argument, false);
}

bool take_series(struct source *source, const char *argument)
{
    return take(source, argument, true);
}
