/*
 * A comparison as JSON. Owns nothing; called by cmd_diff.c.
 *
 *   {
 *     "schema": 1,                      raised when a member changes its meaning; new members may come at any time
 *     "old": {
 *       "program": "exporter",          or its command line; empty when unknown
 *       "pid": 4711,                    null when unknown
 *       "dump": "0003",                 its number; null when unknown
 *       "time_ns": 1763717412000000000, moment of the dump, since 1970; null when unknown
 *       "dropped_events": 0
 *     },
 *     "new": {...},
 *     "kinds": [{                       those that both dumps have
 *       "kind": "heap",                 heap, fd, thread, ...
 *       "ranked_by": "bytes",           or "count"
 *       "old": {"count": 40211, "bytes": 12897484},      live; "bytes" only for kinds that have a size
 *       "new": {...},
 *       "change": {"count": 29000, "bytes": 7235174},    new - old
 *       "n_changed": 8,                 sites; "sites" holds at most --top of them, the worst growth first
 *       "n_unchanged": 90,
 *       "sites": [{
 *         "old": {...}, "new": {...}, "change": {...},
 *         "headline": 0, "frames": [...]                 as in `leaktrace report`
 *       }]
 *     }]
 *   }
 */
#include "view/diff.h"

#include "view/json.h"
#include "view/stack.h"

static void write_moment(struct json *json, const char *key, const struct moment *moment)
{
    json_open_object(json, key);
    json_string(json, "program", moment->program);
    json_known(json, "pid", moment->pid != 0, moment->pid);
    if (moment->seq[0] == '\0')
        json_null(json, "dump");
    else
        json_string(json, "dump", moment->seq);
    json_known(json, "time_ns", moment->time_ns != 0, moment->time_ns);
    json_int(json, "dropped_events", moment->dropped);
    json_close(json);
}

static void write_amount(struct json *json, const char *key, const struct sites_kind *kind, const struct sites_amount *amount)
{
    json_open_object(json, key);
    json_int(json, "count", amount->count);
    if (kind->has_bytes)
        json_int(json, "bytes", amount->bytes);
    json_close(json);
}

static void write_change(struct json *json, const struct sites_kind *kind, const struct diff_change *change)
{
    write_amount(json, "old", kind, &change->old);
    write_amount(json, "new", kind, &change->new);
    write_amount(json, "change", kind, &change->by);
}

static void write_kind(struct json *json, const struct diff_kind *kind, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "kind", kind->kind->kind);
    json_string(json, "ranked_by", kind->kind->by_bytes ? "bytes" : "count");
    write_change(json, kind->kind, &kind->total);
    json_int(json, "n_changed", (int64_t)kind->n_sites);
    json_int(json, "n_unchanged", (int64_t)kind->n_unchanged);
    json_open_array(json, "sites");
    for (size_t i = 0; i < kind->n_sites && i < top; i++) {
        const struct sites_site *site = kind->sites[i].site;

        json_open_object(json, NULL);
        write_change(json, kind->kind, &kind->sites[i].change);
        stack_write_json(site->frames, site->n_frames, site->headline, json);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

void diff_write_json(const struct diff *diff, struct json *json, size_t top)
{
    json_open_object(json, NULL);
    json_int(json, "schema", DIFF_SCHEMA);
    write_moment(json, "old", &diff->old);
    write_moment(json, "new", &diff->new);
    json_open_array(json, "kinds");
    for (size_t i = 0; i < diff->n_kinds; i++)
        write_kind(json, &diff->kinds[i], top);
    json_close(json);
    json_close(json);
}
