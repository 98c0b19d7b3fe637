/* From files to a report. Owns nothing; called by the commands and by the tests. */
#include "view/report.h"

#include "base/text.h"
#include "common.h"
#include "profile/kind.h"
#include "profile/source.h"
#include "symbolize/symbolize.h"
#include "view/comments.h"
#include "view/focus.h"

#include <stdlib.h>
#include <string.h>

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What every profile of a dump says about all of it; the largest figure is the one to be honest with. */
static void take_header(struct report *report, const struct profile *profile, bool is_growth)
{
    int64_t *duration = is_growth ? &report->mark_ns : &report->duration_ns;

    *duration = larger(*duration, profile->duration_ns);
    report->time_ns = larger(report->time_ns, profile->time_ns);
    report->dropped = larger(report->dropped, comments_number(profile, "dropped_events"));
    report->truncated = larger(report->truncated, comments_number(profile, "truncated_stacks"));
    report->unattributed_fds = larger(report->unattributed_fds, comments_number(profile, "unattributed_fds"));
    report->unattributed_threads = larger(report->unattributed_threads, comments_number(profile, "unattributed_threads"));
    if (report->pid == 0)
        report->pid = (int)comments_number(profile, "pid");
    if (report->program[0] == '\0' && comments_text(profile, "command") != NULL)
        report->program = comments_text(profile, "command");
    if (report->program[0] == '\0' && profile->n_mappings > 0)
        report->program = places_base_name(profile->mappings[0].file);
}

static const struct profile *find_growth(const struct report *report, const char **kinds, const char *base)
{
    for (size_t i = 0; i < report->n_profiles; i++)
        if (kind_is_growth_of(kinds[i], base))
            return &report->profiles[i];
    return NULL;
}

/* Whether a profile of growth belongs to another profile, in whose ranking it is shown. */
static bool has_base(const struct report *report, const char **kinds, size_t growth)
{
    for (size_t i = 0; i < report->n_profiles; i++)
        if (kind_is_growth_of(kinds[growth], kinds[i]))
            return true;
    return false;
}

static int compare_rankings(const void *a, const void *b)
{
    const struct ranking *left = a, *right = b;
    size_t left_rank = kind_rank(left->kind), right_rank = kind_rank(right->kind);

    return left_rank != right_rank ? (left_rank > right_rank) - (left_rank < right_rank) : strcmp(left->kind, right->kind);
}

void report_assemble(struct report *report, const char **kinds)
{
    report->rankings = must_grow(NULL, report->n_profiles, sizeof(*report->rankings));
    for (size_t i = 0; i < report->n_profiles; i++) {
        const struct profile *profile = &report->profiles[i];
        bool is_growth = has_base(report, kinds, i);

        take_header(report, profile, is_growth);
        if (!is_growth)
            ranking_build(kinds[i], profile, find_growth(report, kinds, kinds[i]), &report->rankings[report->n_rankings++]);
    }
    report->is_marked = report->mark_ns > 0 && report->mark_ns < report->duration_ns;
    if (report->n_rankings > 0)
        qsort(report->rankings, report->n_rankings, sizeof(*report->rankings), compare_rankings);
}

static bool is_wanted(const char *kind, const char *only_kind)
{
    return only_kind == NULL || kind[0] == '\0' || strcmp(kind, only_kind) == 0 || kind_is_growth_of(kind, only_kind);
}

unsigned report_build(const struct source_set *set, const struct report_scope *scope, struct report *ret_report)
{
    struct report report = {.program = set->exe, .pid = set->pid, .seq = set->seq};
    const char **kinds = must_grow(NULL, set->n_files, sizeof(*kinds));
    unsigned unreadable = 0;

    report.profiles = must_grow(NULL, set->n_files, sizeof(*report.profiles));
    for (size_t i = 0; i < set->n_files; i++) {
        char why_buf[256] = "";
        struct text why = TEXT_ON(why_buf);
        struct profile *profile = &report.profiles[report.n_profiles];

        if (!is_wanted(set->files[i].kind, scope->kind))
            continue;
        if (profile_load(set->files[i].path, profile, &why) != 0) {
            complain("%s: %s", set->files[i].path, why_buf);
            unreadable++;
            continue;
        }
        kinds[report.n_profiles++] = set->files[i].kind[0] == '\0' ? kind_by_types(profile) : set->files[i].kind;
    }
    symbolize_profiles(report.profiles, report.n_profiles, scope->symbols);
    report_assemble(&report, kinds);
    for (size_t i = 0; scope->focus != NULL && i < report.n_rankings; i++)
        focus_apply(scope->focus, &report.rankings[i]);
    report.kinds = kinds;
    *ret_report = report;
    return unreadable;
}

void report_release(struct report *report)
{
    for (size_t i = 0; i < report->n_rankings; i++)
        ranking_release(&report->rankings[i]);
    for (size_t i = 0; i < report->n_profiles; i++)
        profile_release(&report->profiles[i]);
    free(report->rankings);
    free(report->profiles);
    free(report->kinds);
    *report = (struct report){0};
}
