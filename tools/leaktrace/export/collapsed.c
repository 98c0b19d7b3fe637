/*
 * Collapsed stacks, as flamegraph.pl, speedscope and Pyroscope read them: one line for each stack, outermost function first,
 * with its value behind. Owns nothing; called by `leaktrace export`.
 */
#include "export/export.h"

#include "export/stacks.h"
#include "profile/profile.h"
#include "view/places.h"

#include <inttypes.h>
#include <stdlib.h>

/* What would end a name is written as something else. */
static void write_name(const char *name, FILE *out)
{
    for (; *name != '\0'; name++)
        putc(*name == ';' ? ':' : *name == '\n' || *name == '\r' ? ' ' : *name, out);
}

static void write_stack(const struct stacks *stacks, const size_t *numbers, size_t n, int64_t value, FILE *out)
{
    if (n == 0)
        fputs("(no stack)", out);
    while (n-- > 0) {
        write_name(stacks->frames[numbers[n]]->function, out);
        if (n > 0)
            putc(';', out);
    }
    fprintf(out, " %" PRId64 "\n", value);
}

int export_collapsed(const struct export *export, FILE *out)
{
    const struct profile *profile = export->profiles[0].profile;
    size_t type = export_default_type(profile);
    struct stacks_profile added;
    struct stacks stacks;

    stacks_init(&stacks);
    stacks_add(&stacks, profile, &added);
    for (size_t i = 0; i < profile->n_samples; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        size_t *numbers, n;

        if (sample->values[type] == 0)
            continue;
        n = stacks_of(&added, sample, &numbers);
        write_stack(&stacks, numbers, n, sample->values[type], out);
        free(numbers);
    }
    stacks_release(&stacks);
    return 0;
}
