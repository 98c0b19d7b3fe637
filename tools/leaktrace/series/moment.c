/* Reading one dump of several. Owns nothing; called by series.c and view/diff.c. */
#include "series/moment.h"

#include "base/text.h"
#include "common.h"
#include "profile/kind.h"
#include "profile/profile.h"
#include "profile/source.h"
#include "series/sites.h"
#include "view/comments.h"
#include "view/places.h"

#include <string.h>

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The program is named by its command line, or by what the file name or the first mapping calls it. */
static const char *name_program(const struct moment *moment, const struct profile *profile)
{
    const char *command = comments_text(profile, "command");

    if (command != NULL && command[0] != '\0')
        return command;
    return moment->program[0] == '\0' && profile->n_mappings > 0 ? places_base_name(profile->mappings[0].file)
                                                                 : moment->program;
}

static void take_header(struct arena *arena, const struct profile *profile, struct moment *moment)
{
    moment->time_ns = larger(moment->time_ns, profile->time_ns);
    moment->duration_ns = larger(moment->duration_ns, profile->duration_ns);
    moment->dropped = larger(moment->dropped, comments_number(profile, "dropped_events"));
    moment->truncated = larger(moment->truncated, comments_number(profile, "truncated_stacks"));
    moment->memory = larger(moment->memory, comments_number(profile, "resident_bytes"));
    moment->memory_limit = larger(moment->memory_limit, comments_number(profile, "limit_memory_bytes"));
    moment->fd_limit = larger(moment->fd_limit, comments_number(profile, "limit_fds"));
    moment->thread_limit = larger(moment->thread_limit, comments_number(profile, "limit_threads"));
    moment->n_profiles++;
    if (moment->pid == 0)
        moment->pid = (int)comments_number(profile, "pid");
    moment->program = must_copy(arena, name_program(moment, profile));
}

static bool read_file(const struct source_file *file, const char *only_kind, struct sites *sites, size_t dump,
                      struct moment *moment)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct profile profile;
    const char *kind;
    int ret = profile_load(file->path, &profile, &why);

    if (ret == 0) {
        kind = file->kind[0] == '\0' ? kind_by_types(&profile) : file->kind;
        if (only_kind == NULL || strcmp(kind, only_kind) == 0)
            ret = sites_add(sites, dump, kind, &profile, &why);
        if (ret == 0)
            take_header(&sites->arena, &profile, moment);
        profile_release(&profile);
    }
    if (ret != 0)
        complain("%s: %s", file->path, why_buf);
    return ret == 0;
}

unsigned moment_read(const struct source_set *set, const char *only_kind, struct sites *sites, size_t dump,
                     struct moment *ret_moment)
{
    struct moment moment = {
        .program = must_copy(&sites->arena, set->exe), .pid = set->pid, .seq = must_copy(&sites->arena, set->seq)};
    unsigned unreadable = 0;

    for (size_t i = 0; i < set->n_files; i++) {
        const struct source_file *file = &set->files[i];

        if (!kind_is_growth(file->kind) && (only_kind == NULL || file->kind[0] == '\0' || strcmp(file->kind, only_kind) == 0))
            unreadable += !read_file(file, only_kind, sites, dump, &moment);
    }
    *ret_moment = moment;
    return unreadable;
}
