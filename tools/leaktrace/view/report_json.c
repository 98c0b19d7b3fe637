/*
 * The report as JSON. Owns nothing; called by `leaktrace report`.
 *
 *   {
 *     "schema": 2,                      raised when a member changes its meaning; new members may come at any time
 *     "reports": [{                     one for each dump, as named on the command line
 *       "program": "exporter",          or its command line; empty when unknown
 *       "pid": 4711,                    null when unknown
 *       "dump": "0003",                 its number; null when unknown
 *       "time_ns": 1763717412000000000, moment of the dump, since 1970; null when unknown
 *       "duration_ns": 7380000000000,   from the start of tracing to the dump; null when unknown
 *       "since_mark_ns": 3600000000000, from the mark to the dump; null when there is no profile of growth
 *       "is_marked": true,              false: no mark was set, and growth counts from the start
 *       "dropped_events": 0,
 *       "truncated_stacks": 0,
 *       "unattributed_fds": 3,          there, but opened before the start or unseen; in no profile
 *       "unattributed_threads": 0,
 *       "kinds": [{
 *         "kind": "heap",               heap, fd, thread, ...
 *         "ranked_by": "bytes",         or "count"
 *         "live": {"count": 40211, "bytes": 12897484},   "bytes" only for kinds that have a size, here and below
 *         "growth": {"count": 29000, "bytes": 7235174},  acquired since the mark and still live; null when not known
 *         "growth_per_hour": 7235174.0, of what sites are ranked by; null when not known
 *         "n_sites": 8,                 all of them; "sites" holds at most --top of them, worst first
 *         "n_hidden": 0,                those that --focus and --ignore have left out, and that are not in "n_sites"
 *         "sites": [{
 *           "live": {...},
 *           "growth": {...},
 *           "growth_per_hour": 7235174.0,
 *           "has_grown": true,          more than one resource has come since the mark and stayed
 *           "share_percent": 58.0,      of what is live, by the figure that sites are ranked by
 *           "headline": 0,              index into "frames": the first frame of the user's own code; null without a stack
 *           "frames": [{                leaf first; where functions were inlined, the innermost first
 *             "function": "register_metric",
 *             "module": "/usr/local/bin/exporter",   empty when unknown
 *             "file": "metrics.c",      empty when unknown
 *             "line": 48,               0 when unknown
 *             "offset": 7312            of the instruction in the module's file; 0 when unknown
 *           }],
 *           "source": "metric->name = copy(name);",    the headline's line; null when it is not at hand or has changed
 *           "ages": {"<1m": 3, ">=1d": 27},            how many live ones are how old, youngest first; empty when unknown
 *           "groups": [{"count": 30, "labels": {"type": "tcp", "peer": "10.0.0.1:80"}}]   largest first; maybe empty;
 *                                     of threads "state" and "start"
 *         }]
 *       }]
 *     }]
 *   }
 */
#include "view/report.h"

#include "profile/profile.h"
#include "view/json.h"
#include "view/source_line.h"
#include "view/stack.h"

#define NS_PER_HOUR 3.6e12

static void write_amount(struct json *json, const char *key, const struct ranking *ranking, const struct ranking_amount *amount)
{
    json_open_object(json, key);
    json_int(json, "count", amount->count);
    if (ranking->has_bytes)
        json_int(json, "bytes", amount->bytes);
    json_close(json);
}

static void write_growth(struct json *json, const struct report *report, const struct ranking *ranking,
                         const struct ranking_amount *growth)
{
    if (!ranking->has_growth) {
        json_null(json, "growth");
        json_null(json, "growth_per_hour");
        return;
    }
    write_amount(json, "growth", ranking, growth);
    if (report->mark_ns > 0)
        json_decimal(json, "growth_per_hour", (double)ranking_figure(ranking, growth) * NS_PER_HOUR / (double)report->mark_ns);
    else
        json_null(json, "growth_per_hour");
}

static void write_ages(struct json *json, const struct ranking_site *site)
{
    json_open_object(json, "ages");
    for (size_t i = 0; i < AGES_N; i++)
        if (site->ages[i] != 0)
            json_int(json, ages_name(i), site->ages[i]);
    json_close(json);
}

static void write_source(struct json *json, const struct report *report, const struct ranking_site *site)
{
    char line[SOURCE_LINE_MAX];

    if (site->n_frames > 0 && source_line_read(site->frames[site->headline], report->time_ns, line))
        json_string(json, "source", line);
    else
        json_null(json, "source");
}

static void write_group(struct json *json, const struct ranking_group *group)
{
    json_open_object(json, NULL);
    json_int(json, "count", group->count);
    json_open_object(json, "labels");
    for (size_t i = 0; i < group->n_labels; i++)
        json_string(json, group->labels[i].key, group->labels[i].value);
    json_close(json);
    json_close(json);
}

static void write_site(struct json *json, const struct report *report, const struct ranking *ranking,
                       const struct ranking_site *site)
{
    json_open_object(json, NULL);
    write_amount(json, "live", ranking, &site->live);
    write_growth(json, report, ranking, &site->growth);
    json_bool(json, "has_grown", ranking_has_grown(ranking, site));
    json_decimal(json, "share_percent", ranking_share(ranking, site));
    stack_write_json(site->frames, site->n_frames, site->headline, json);
    write_source(json, report, site);
    write_ages(json, site);
    json_open_array(json, "groups");
    for (size_t i = 0; i < site->n_groups; i++)
        write_group(json, &site->groups[i]);
    json_close(json);
    json_close(json);
}

static void write_ranking(struct json *json, const struct report *report, const struct ranking *ranking, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "kind", ranking->kind);
    json_string(json, "ranked_by", ranking->by_bytes ? "bytes" : "count");
    write_amount(json, "live", ranking, &ranking->live);
    write_growth(json, report, ranking, &ranking->growth);
    json_int(json, "n_sites", (int64_t)ranking->n_sites);
    json_int(json, "n_hidden", (int64_t)ranking->n_hidden);
    json_open_array(json, "sites");
    for (size_t i = 0; i < ranking->n_sites && i < top; i++)
        write_site(json, report, ranking, &ranking->sites[i]);
    json_close(json);
    json_close(json);
}

void report_write_json(const struct report *report, struct json *json, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "program", report->program);
    json_known(json, "pid", report->pid != 0, report->pid);
    if (report->seq[0] == '\0')
        json_null(json, "dump");
    else
        json_string(json, "dump", report->seq);
    json_known(json, "time_ns", report->time_ns != 0, report->time_ns);
    json_known(json, "duration_ns", report->duration_ns != 0, report->duration_ns);
    json_known(json, "since_mark_ns", report->mark_ns != 0, report->mark_ns);
    json_bool(json, "is_marked", report->is_marked);
    json_int(json, "dropped_events", report->dropped);
    json_int(json, "truncated_stacks", report->truncated);
    json_int(json, "unattributed_fds", report->unattributed_fds);
    json_int(json, "unattributed_threads", report->unattributed_threads);
    json_open_array(json, "kinds");
    for (size_t i = 0; i < report->n_rankings; i++)
        write_ranking(json, report, &report->rankings[i], top);
    json_close(json);
    json_close(json);
}
