/*
 * Trends as JSON. Owns nothing; called by cmd_trend.c.
 *
 *   {
 *     "schema": 1,                      raised when a member changes its meaning; new members may come at any time
 *     "trends": [{                      one for each program, and for each of its processes that ran beside another
 *       "program": "exporter",          or its command line; empty when unknown
 *       "pid": 4711,                    of the last process; null when unknown
 *       "n_lives": 3,                   processes: one more than restarts
 *       "n_dumps": 500,
 *       "first_ns": 1763717412000000000, moments of the first and the last dump, since 1970
 *       "last_ns": 1763721012000000000,
 *       "dropped_events": 0,
 *       "kinds": [{
 *         "kind": "heap",               heap, fd, thread, ...
 *         "figure": "bytes",            or "count": what values and rates are of
 *         "used": 96000000,             of what the process may have, in the last dump: resident bytes, descriptors, threads;
 *                                       null when its limit is not known
 *         "limit": 8589934592,          null when not known
 *         "total": {                    of the whole kind
 *           "verdict": "growing",       growing, saturating, unclear, sawtooth, follows load, stopped, flat, falling
 *           "per_hour": 1100000.5,      what it rises by now; 0 where there is no trend
 *           "first": 1048576, "last": 67108864,   values
 *           "level": 70000000,          of a saturating site: where it ends; else null
 *           "since_hours_ago": 12.5,    when it began to rise, or stopped; null when that does not show
 *           "hours_to_limit": 812.0,    if only this goes on; null when it does not grow or no limit is known
 *           "load_correlation": 0.9,    with allocations per second, apart from trends in time; null when not known
 *           "z": 12.1,                  Mann and Kendall's, corrected for autocorrelation
 *           "sparkline": "__..--~~==++**##"
 *         },
 *         "n_sites": 8,                 all of them; "sites" holds at most --top of them, worst first
 *         "verdicts": {"growing": 1, "flat": 7},   of all sites
 *         "sites": [{...,               the members of "total", and
 *           "headline": 0, "frames": [...]         as in `leaktrace report`
 *         }]
 *       }]
 *     }]
 *   }
 */
#include "view/trend.h"

#include "view/json.h"
#include "view/sparkline.h"
#include "view/stack.h"

#include <math.h>

#define PICTURE_WIDTH 40

static void write_number(struct json *json, const char *key, double value)
{
    if (isfinite(value))
        json_number(json, key, value);
    else
        json_null(json, key);
}

/* The members that a site and the whole kind have. */
static void write_members(struct json *json, const struct trend *trend, const struct trend_kind *kind,
                          const struct trend_site *site)
{
    const struct verdict *verdict = &site->verdict;
    double last = trend->chain->dumps[trend->chain->n_dumps - 1].hours;
    char picture[SPARKLINE_MAX + 1];

    trend_draw(trend, kind, site, PICTURE_WIDTH, picture);
    json_string(json, "verdict", verdict_names[verdict->kind]);
    write_number(json, "per_hour", verdict->per_hour);
    json_int(json, "first", site->first);
    json_int(json, "last", site->last);
    write_number(json, "level", verdict->kind == VERDICT_SATURATING ? verdict->level : NAN);
    write_number(json, "since_hours_ago", last - verdict->since_hours);
    write_number(json, "hours_to_limit", trend_hours_left(kind, site));
    write_number(json, "load_correlation", verdict->load_correlation);
    write_number(json, "z", verdict->z);
    json_string(json, "sparkline", picture);
}

static void write_kind(struct json *json, const struct trend *trend, const struct trend_kind *kind, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "kind", kind->kind->kind);
    json_string(json, "figure", kind->kind->by_bytes ? "bytes" : "count");
    json_known(json, "used", kind->limit > 0, kind->used);
    json_known(json, "limit", kind->limit > 0, kind->limit);
    if (kind->n_sites > 0) {
        json_open_object(json, "total");
        write_members(json, trend, kind, &kind->total);
        json_close(json);
    } else {
        json_null(json, "total");
    }
    json_int(json, "n_sites", (int64_t)kind->n_sites);
    json_open_object(json, "verdicts");
    for (size_t i = 0; i < VERDICT_MAX; i++)
        if (kind->counts[i] > 0)
            json_int(json, verdict_names[i], (int64_t)kind->counts[i]);
    json_close(json);
    json_open_array(json, "sites");
    for (size_t i = 0; i < kind->n_sites && i < top; i++) {
        const struct sites_site *site = kind->sites[i].site;

        json_open_object(json, NULL);
        write_members(json, trend, kind, &kind->sites[i]);
        stack_write_json(site->frames, site->n_frames, site->headline, json);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

void trend_write_json(const struct trend *trend, struct json *json, size_t top)
{
    json_open_object(json, NULL);
    json_string(json, "program", trend->last->program);
    json_known(json, "pid", trend->last->pid != 0, trend->last->pid);
    json_int(json, "n_lives", (int64_t)trend->chain->n_lives);
    json_int(json, "n_dumps", (int64_t)trend->chain->n_dumps);
    json_int(json, "first_ns", trend->first->time_ns);
    json_int(json, "last_ns", trend->last->time_ns);
    json_int(json, "dropped_events", trend->dropped);
    json_open_array(json, "kinds");
    for (size_t i = 0; i < trend->n_kinds; i++)
        write_kind(json, trend, &trend->kinds[i], top);
    json_close(json);
    json_close(json);
}
