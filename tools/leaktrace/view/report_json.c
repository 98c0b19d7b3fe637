/*
 * The report as JSON. Owns nothing; called by `leaktrace report`.
 *
 *   {
 *     "schema": 1,                      raised when a member changes its meaning; new members may come at any time
 *     "reports": [{                     one for each dump, as named on the command line
 *       "program": "exporter",          or its command line; empty when unknown
 *       "pid": 4711,                    null when unknown
 *       "dump": "0003",                 its number; null when unknown
 *       "time_ns": 1763717412000000000, moment of the dump, since 1970; null when unknown
 *       "duration_ns": 7380000000000,   from the start of tracing to the dump; null when unknown
 *       "since_mark_ns": 3600000000000, from the mark to the dump; null when there is no profile of growth
 *       "dropped_events": 0,
 *       "truncated_stacks": 0,
 *       "unattributed_fds": 3,          there, but opened before the start or unseen; in no profile
 *       "unattributed_threads": 0,
 *       "kinds": [{
 *         "kind": "heap",               heap, fd, thread, ...
 *         "ranked_by": "bytes",         or "count"
 *         "live": {"count": 40211, "bytes": 12897484},   "bytes" only for kinds that have a size, here and below
 *         "growth": {"count": 29000, "bytes": 7235174},  allocated since the mark and still live; null when not known
 *         "n_sites": 8,                 all of them; "sites" holds at most --top of them, worst first
 *         "sites": [{
 *           "live": {...},
 *           "growth": {...},
 *           "share_percent": 58.0,      of what is live, by the figure that sites are ranked by
 *           "headline": 0,              index into "frames": the first frame of the user's own code; null without a stack
 *           "frames": [{                leaf first; where functions were inlined, the innermost first
 *             "function": "register_metric",
 *             "module": "/usr/local/bin/exporter",   empty when unknown
 *             "file": "metrics.c",      empty when unknown
 *             "line": 48,               0 when unknown
 *             "offset": 7312            of the instruction in the module's file; 0 when unknown
 *           }],
 *           "groups": [{"count": 30, "labels": {"type": "tcp", "peer": "10.0.0.1:80"}}]   largest first; maybe empty
 *         }]
 *       }]
 *     }]
 *   }
 */
#include "view/report.h"

#include "profile/profile.h"
#include "view/json.h"
#include "view/stack.h"

static void write_amount(struct json *json, const char *key, const struct ranking *ranking,
                         const struct ranking_amount *amount)
{
    json_open_object(json, key);
    json_int(json, "count", amount->count);
    if (ranking->has_bytes)
        json_int(json, "bytes", amount->bytes);
    json_close(json);
}

static void write_growth(struct json *json, const struct ranking *ranking, const struct ranking_amount *growth)
{
    if (ranking->has_growth)
        write_amount(json, "growth", ranking, growth);
    else
        json_null(json, "growth");
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

static void write_site(struct json *json, const struct ranking *ranking, const struct ranking_site *site)
{
    json_open_object(json, NULL);
    write_amount(json, "live", ranking, &site->live);
    write_growth(json, ranking, &site->growth);
    json_decimal(json, "share_percent", ranking_share(ranking, site));
    stack_write_json(site->frames, site->n_frames, site->headline, json);
    json_open_array(json, "groups");
    for (size_t i = 0; i < site->n_groups; i++)
        write_group(json, &site->groups[i]);
    json_close(json);
    json_close(json);
}

static void write_ranking(struct json *json, const struct ranking *ranking, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "kind", ranking->kind);
    json_string(json, "ranked_by", ranking->by_bytes ? "bytes" : "count");
    write_amount(json, "live", ranking, &ranking->live);
    write_growth(json, ranking, &ranking->growth);
    json_int(json, "n_sites", (int64_t)ranking->n_sites);
    json_open_array(json, "sites");
    for (size_t i = 0; i < ranking->n_sites && i < top; i++)
        write_site(json, ranking, &ranking->sites[i]);
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
    json_int(json, "dropped_events", report->dropped);
    json_int(json, "truncated_stacks", report->truncated);
    json_int(json, "unattributed_fds", report->unattributed_fds);
    json_int(json, "unattributed_threads", report->unattributed_threads);
    json_open_array(json, "kinds");
    for (size_t i = 0; i < report->n_rankings; i++)
        write_ranking(json, &report->rankings[i], top);
    json_close(json);
    json_close(json);
}
