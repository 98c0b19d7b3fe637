/*
 * All that profiles hold, as JSON. Owns nothing; called by `leaktrace export`.
 *
 *   {
 *     "schema": 1,                      raised when a member changes its meaning; new members may come at any time
 *     "title": "exporter, pid 4711, dump 0003",
 *     "frames": [{                      of all stacks, each once
 *       "function": "register_metric",
 *       "symbol": "register_metric",    as the linker knows it; empty when unknown
 *       "module": "/usr/local/bin/exporter",   empty when unknown
 *       "file": "metrics.c",            empty when unknown
 *       "line": 48                      0 when unknown
 *     }],
 *     "profiles": [{
 *       "kind": "heap",                 heap, heap_growth, fd, ...
 *       "time_ns": 1763717412000000000, moment of the dump, since 1970; 0 when unknown
 *       "duration_ns": 7380000000000,   from the start, or from the mark, to the dump; 0 when unknown
 *       "types": [{"type": "inuse_objects", "unit": "count"}],
 *       "default_type": "inuse_space",
 *       "comments": ["pid 4711"],
 *       "samples": [{
 *         "values": [3, 150],           one for each type
 *         "stack": [4, 7, 1],           indexes into "frames", leaf first
 *         "labels": {"peer": "10.0.0.1:80"}     numbers are numbers
 *       }]
 *     }]
 *   }
 */
#include "export/export.h"

#include "common.h"
#include "export/stacks.h"
#include "profile/profile.h"
#include "view/json.h"
#include "view/places.h"

#include <stdlib.h>

#define SCHEMA 1

static void write_frames(struct json *json, const struct stacks *stacks)
{
    json_open_array(json, "frames");
    for (size_t i = 0; i < stacks->n_frames; i++) {
        const struct places_frame *frame = stacks->frames[i];

        json_open_object(json, NULL);
        json_string(json, "function", frame->function);
        json_string(json, "symbol", frame->symbol);
        json_string(json, "module", frame->module);
        json_string(json, "file", frame->file);
        json_int(json, "line", frame->line);
        json_close(json);
    }
    json_close(json);
}

static void write_sample(struct json *json, const struct stacks_profile *added, const struct profile_sample *sample)
{
    size_t *numbers, n = stacks_of(added, sample, &numbers);

    json_open_object(json, NULL);
    json_open_array(json, "values");
    for (size_t i = 0; i < added->profile->n_types; i++)
        json_int(json, NULL, sample->values[i]);
    json_close(json);
    json_sizes(json, "stack", numbers, n);
    json_open_object(json, "labels");
    for (size_t i = 0; i < sample->n_labels; i++) {
        if (sample->labels[i].value[0] != '\0')
            json_string(json, sample->labels[i].key, sample->labels[i].value);
        else
            json_int(json, sample->labels[i].key, sample->labels[i].number);
    }
    json_close(json);
    json_close(json);
    free(numbers);
}

static void write_header(struct json *json, const char *kind, const struct profile *profile)
{
    json_string(json, "kind", kind);
    json_int(json, "time_ns", profile->time_ns);
    json_int(json, "duration_ns", profile->duration_ns);
    json_open_array(json, "types");
    for (size_t i = 0; i < profile->n_types; i++) {
        json_open_object(json, NULL);
        json_string(json, "type", profile->types[i].type);
        json_string(json, "unit", profile->types[i].unit);
        json_close(json);
    }
    json_close(json);
    json_string(json, "default_type", profile->types[export_default_type(profile)].type);
    json_open_array(json, "comments");
    for (size_t i = 0; i < profile->n_comments; i++)
        json_string(json, NULL, profile->comments[i]);
    json_close(json);
}

static void write_profile(struct json *json, const char *kind, const struct stacks_profile *added)
{
    json_open_object(json, NULL);
    write_header(json, kind, added->profile);
    json_open_array(json, "samples");
    for (size_t i = 0; i < added->profile->n_samples; i++)
        write_sample(json, added, &added->profile->samples[i]);
    json_close(json);
    json_close(json);
}

int export_json(const struct export *export, FILE *out)
{
    struct stacks_profile *added = must_grow(NULL, export->n, sizeof(*added));
    struct json json = {.out = out};
    struct stacks stacks;

    stacks_init(&stacks);
    for (size_t i = 0; i < export->n; i++)
        stacks_add(&stacks, export->profiles[i].profile, &added[i]);
    json_open_object(&json, NULL);
    json_int(&json, "schema", SCHEMA);
    json_string(&json, "title", export->title);
    write_frames(&json, &stacks);
    json_open_array(&json, "profiles");
    for (size_t i = 0; i < export->n; i++)
        write_profile(&json, export->profiles[i].kind, &added[i]);
    json_close(&json);
    json_close(&json);
    stacks_release(&stacks);
    free(added);
    return 0;
}
