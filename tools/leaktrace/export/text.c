/* Profiles as text: each stack with its values, the largest first. Owns nothing; called by `leaktrace export`. */
#include "export/export.h"

#include "common.h"
#include "export/stacks.h"
#include "profile/profile.h"
#include "view/places.h"

#include <inttypes.h>
#include <stdlib.h>

/* Names may hold anything; a line stays one line, and a terminal as it is. */
static void write_clean(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void write_frame(const struct places_frame *frame, FILE *out)
{
    fputs("    ", out);
    write_clean(frame->function, out);
    if (frame->file[0] != '\0') {
        putc(' ', out);
        write_clean(frame->file, out);
        if (frame->line > 0)
            fprintf(out, ":%" PRId64, frame->line);
    } else if (frame->module[0] != '\0') {
        fputs(" in ", out);
        write_clean(frame->module, out);
    }
    putc('\n', out);
}

static void write_labels(const struct profile_sample *sample, FILE *out)
{
    for (size_t i = 0; i < sample->n_labels; i++) {
        const struct profile_label *label = &sample->labels[i];

        putc(' ', out);
        write_clean(label->key, out);
        putc('=', out);
        if (label->value[0] != '\0')
            write_clean(label->value, out);
        else
            fprintf(out, "%" PRId64, label->number);
    }
}

static void write_sample(const struct stacks *stacks, const struct stacks_profile *added, const struct profile_sample *sample,
                         FILE *out)
{
    size_t *numbers, n = stacks_of(added, sample, &numbers);

    for (size_t i = 0; i < added->profile->n_types; i++)
        fprintf(out, "%s%" PRId64, i == 0 ? "" : " ", sample->values[i]);
    write_labels(sample, out);
    putc('\n', out);
    for (size_t i = 0; i < n; i++)
        write_frame(stacks->frames[numbers[i]], out);
    free(numbers);
}

static int compare_samples(const void *a, const void *b, void *context)
{
    const struct profile_sample *left = *(const struct profile_sample *const *)a;
    const struct profile_sample *right = *(const struct profile_sample *const *)b;
    size_t type = *(const size_t *)context;

    return (left->values[type] < right->values[type]) - (left->values[type] > right->values[type]);
}

static void write_profile(struct stacks *stacks, const struct export_profile *export, FILE *out)
{
    const struct profile *profile = export->profile;
    const struct profile_sample **samples = must_grow(NULL, profile->n_samples, sizeof(struct profile_sample *));
    size_t type = export_default_type(profile);
    struct stacks_profile added;

    stacks_add(stacks, profile, &added);
    fprintf(out, "# %s:", export->kind);
    for (size_t i = 0; i < profile->n_types; i++) {
        putc(' ', out);
        write_clean(profile->types[i].type, out);
        putc('/', out);
        write_clean(profile->types[i].unit, out);
    }
    putc('\n', out);
    for (size_t i = 0; i < profile->n_samples; i++)
        samples[i] = &profile->samples[i];
    if (profile->n_samples > 0)
        qsort_r(samples, profile->n_samples, sizeof(struct profile_sample *), compare_samples, &type);
    for (size_t i = 0; i < profile->n_samples; i++)
        write_sample(stacks, &added, samples[i], out);
    free(samples);
}

int export_text(const struct export *export, FILE *out)
{
    struct stacks stacks;

    stacks_init(&stacks);
    fputs("# ", out);
    write_clean(export->title, out);
    putc('\n', out);
    for (size_t i = 0; i < export->n; i++)
        write_profile(&stacks, &export->profiles[i], out);
    stacks_release(&stacks);
    return 0;
}
