/* Leaks for the tests of the gate, made by hand. */
#ifndef LEAKTRACE_TESTS_LEAKS_H
#define LEAKTRACE_TESTS_LEAKS_H

#include "gate/leak.h"
#include "gate/process.h"

#include <stdlib.h>
#include <string.h>

#define LEAKS_HAND_MAX 16
#define LEAKS_DEPTH_MAX 16

/* Zeroed at first; frames are written as "function", "function@module" or "function@module@file:line", leaf first. */
struct leaks_by_hand {
    struct leaks leaks;
    struct leak rows[LEAKS_HAND_MAX];
    struct leak *sorted[LEAKS_HAND_MAX];
    struct places_frame frames[LEAKS_HAND_MAX][LEAKS_DEPTH_MAX];
    const struct places_frame *stacks[LEAKS_HAND_MAX][LEAKS_DEPTH_MAX];
};

static inline struct places_frame leaks_frame(struct arena *arena, const char *text)
{
    char *copy = arena_strndup(arena, text, strlen(text)), *function = strsep(&copy, "@");
    char *module = strsep(&copy, "@"), *file = strsep(&copy, ":"), *line = copy;
    struct places_frame frame = {.function = function, .symbol = function, .file = file == NULL ? "" : file};

    frame.module = module == NULL ? "/opt/app" : module;
    frame.line = line == NULL ? 0 : atol(line);
    frame.is_system = frame.is_plumbing = strncmp(frame.module, "/usr/lib/", 9) == 0;
    if (strchr(function, '+') != NULL)
        frame.symbol = "";
    return frame;
}

/* Adds one; the list of frames ends with NULL. */
static inline struct leak *leaks_add_by_hand(struct leaks_by_hand *hand, enum leak_kind kind, enum leak_class class,
                                             int64_t count, int64_t bytes, const char *const *frames)
{
    size_t at = hand->leaks.n++;
    struct leak *leak = &hand->rows[at];

    *leak = (struct leak){.kind = kind, .class = class, .amount = {count, bytes}, .detail = "", .frames = hand->stacks[at]};
    for (; frames[leak->n_frames] != NULL; leak->n_frames++) {
        hand->frames[at][leak->n_frames] = leaks_frame(&hand->leaks.arena, frames[leak->n_frames]);
        hand->stacks[at][leak->n_frames] = &hand->frames[at][leak->n_frames];
    }
    leak->fingerprint = fingerprint_of(&hand->leaks.arena, leak_baseline_kind(leak), leak->frames, leak->n_frames);
    hand->sorted[at] = leak;
    hand->leaks.sorted = hand->sorted;
    return leak;
}

#define LEAK_STACK(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
