/*
 * speedscope's file format (https://www.speedscope.app/file-format-schema.json): all kinds in one file, of each what is live,
 * by bytes and by count. Owns nothing; called by `leaktrace export`.
 */
#include "export/export.h"

#include "common.h"
#include "export/stacks.h"
#include "profile/columns.h"
#include "profile/profile.h"
#include "view/json.h"
#include "view/places.h"

#include <stdlib.h>
#include <string.h>

static void write_frames(struct json *json, const struct stacks *stacks)
{
    json_open_object(json, "shared");
    json_open_array(json, "frames");
    for (size_t i = 0; i < stacks->n_frames; i++) {
        const struct places_frame *frame = stacks->frames[i];

        json_open_object(json, NULL);
        json_string(json, "name", frame->function);
        if (frame->file[0] != '\0')
            json_string(json, "file", frame->file);
        if (frame->line > 0)
            json_int(json, "line", frame->line);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

/* A stack without frames shows nothing, and there is no area that is negative. */
static bool is_shown(const struct profile_sample *sample, size_t type)
{
    return sample->depth > 0 && sample->values[type] > 0;
}

/* The stacks, outermost frame first. */
static void write_samples(struct json *json, const struct stacks_profile *added, size_t type)
{
    json_open_array(json, "samples");
    for (size_t i = 0; i < added->profile->n_samples; i++) {
        size_t *numbers, n;

        if (!is_shown(&added->profile->samples[i], type))
            continue;
        n = stacks_of(added, &added->profile->samples[i], &numbers);
        for (size_t j = 0; j < n / 2; j++) {
            size_t other = numbers[j];

            numbers[j] = numbers[n - 1 - j];
            numbers[n - 1 - j] = other;
        }
        json_sizes(json, NULL, numbers, n);
        free(numbers);
    }
    json_close(json);
}

/* Returns the sum. */
static int64_t write_weights(struct json *json, const struct profile *profile, size_t type)
{
    int64_t sum = 0;

    json_open_array(json, "weights");
    for (size_t i = 0; i < profile->n_samples; i++)
        if (is_shown(&profile->samples[i], type)) {
            json_int(json, NULL, profile->samples[i].values[type]);
            sum = columns_add(sum, profile->samples[i].values[type]);
        }
    json_close(json);
    return sum;
}

static void write_profile(struct json *json, const char *kind, const struct stacks_profile *added, size_t type)
{
    const struct profile *profile = added->profile;
    char *name = must_format("%s: %s", kind, profile->types[type].type);

    json_open_object(json, NULL);
    json_string(json, "type", "sampled");
    json_string(json, "name", name);
    json_string(json, "unit", strcmp(profile->types[type].unit, "bytes") == 0 ? "bytes" : "none");
    write_samples(json, added, type);
    json_int(json, "endValue", write_weights(json, profile, type));
    json_int(json, "startValue", 0);
    json_close(json);
    free(name);
}

int export_speedscope(const struct export *export, FILE *out)
{
    struct stacks_profile *added = must_grow(NULL, export->n, sizeof(*added));
    struct json json = {.out = out};
    struct stacks stacks;

    stacks_init(&stacks);
    for (size_t i = 0; i < export->n; i++)
        stacks_add(&stacks, export->profiles[i].profile, &added[i]);
    json_open_object(&json, NULL);
    json_string(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    json_string(&json, "exporter", "leaktrace@" LEAKTRACE_VERSION);
    json_string(&json, "name", export->title);
    write_frames(&json, &stacks);
    json_open_array(&json, "profiles");
    for (size_t i = 0; i < export->n; i++) {
        const struct columns columns = columns_find(export->profiles[i].profile);

        if (columns.bytes != COLUMNS_NONE)
            write_profile(&json, export->profiles[i].kind, &added[i], columns.bytes);
        if (columns.count != COLUMNS_NONE)
            write_profile(&json, export->profiles[i].kind, &added[i], columns.count);
    }
    json_close(&json);
    json_close(&json);
    stacks_release(&stacks);
    free(added);
    return 0;
}
