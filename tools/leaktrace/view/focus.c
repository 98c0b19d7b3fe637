/* Sites of interest. Owns nothing; called by report.c and by the commands that take the options. */
#include "view/focus.h"

#include "base/arena.h"
#include "base/text.h"
#include "common.h"
#include "view/places.h"
#include "view/ranking.h"

/* For base/table.h: the arena of the frames in hand. */
#define TABLE_ARENA (&known->arena)
#include "base/table.h"

#include <errno.h>

/* What is known of a frame: many sites share it, and expressions are slow. */
struct known_frame {
    const struct places_frame *frame;
    bool is_focus;
    bool is_ignored;
    UT_hash_handle hh;
};

struct known {
    struct arena arena;
    struct known_frame *frames;
};

static int compile(const char *option, const char *pattern, regex_t *ret_regex, struct text *why)
{
    char message[128];
    int error = regcomp(ret_regex, pattern, REG_EXTENDED | REG_NOSUB);

    if (error == 0)
        return 0;
    regerror(error, ret_regex, message, sizeof(message));
    text_format(why, "%s '%s' is no regular expression: %s", option, pattern, message);
    return -EINVAL;
}

int focus_compile(const char *focus, const char *ignore, struct focus *ret_focus, struct text *ret_why)
{
    struct focus compiled = {.has_focus = focus != NULL, .has_ignore = ignore != NULL};

    if (focus != NULL && compile("--focus", focus, &compiled.focus, ret_why) != 0)
        return -EINVAL;
    if (ignore != NULL && compile("--ignore", ignore, &compiled.ignore, ret_why) != 0) {
        compiled.has_ignore = false;
        focus_release(&compiled);
        return -EINVAL;
    }
    *ret_focus = compiled;
    return 0;
}

static bool matches(bool has_regex, const regex_t *regex, const struct places_frame *frame)
{
    return has_regex && (regexec(regex, frame->function, 0, NULL, 0) == 0 || regexec(regex, frame->file, 0, NULL, 0) == 0 ||
                         regexec(regex, frame->module, 0, NULL, 0) == 0);
}

static const struct known_frame *look_at(const struct focus *focus, const struct places_frame *frame, struct known *known)
{
    struct known_frame *found;

    HASH_FIND_PTR(known->frames, &frame, found);
    if (found != NULL)
        return found;
    found = must_take(&known->arena, sizeof(*found));
    found->frame = frame;
    found->is_focus = matches(focus->has_focus, &focus->focus, frame);
    found->is_ignored = matches(focus->has_ignore, &focus->ignore, frame);
    HASH_ADD_PTR(known->frames, frame, found);
    if (!TABLE_ADDED(found))
        must_end();
    return found;
}

static bool is_kept(const struct focus *focus, const struct ranking_site *site, struct known *known)
{
    bool in_focus = !focus->has_focus;

    for (size_t i = 0; i < site->n_frames; i++) {
        const struct known_frame *frame = look_at(focus, site->frames[i], known);

        if (frame->is_ignored)
            return false;
        in_focus = in_focus || frame->is_focus;
    }
    return in_focus;
}

void focus_apply(const struct focus *focus, struct ranking *ranking)
{
    struct known known = {.frames = NULL};
    size_t n = 0;

    for (size_t i = 0; i < ranking->n_sites; i++)
        if (is_kept(focus, &ranking->sites[i], &known))
            ranking->sites[n++] = ranking->sites[i];
    ranking->n_hidden += ranking->n_sites - n;
    ranking->n_sites = n;
    arena_release(&known.arena);
}

void focus_release(struct focus *focus)
{
    if (focus->has_focus)
        regfree(&focus->focus);
    if (focus->has_ignore)
        regfree(&focus->ignore);
    *focus = (struct focus){.has_focus = false};
}
