/* Moments of a process. Owns nothing; called by feed.c. */
#include "top/shot.h"

#include "base/text.h"
#include "common.h"
#include "profile/inflate.h"
#include "profile/kind.h"
#include "profile/profile.h"
#include "profile/source.h"
#include "series/sites.h"

#include <stdlib.h>

int shot_read(const struct source_set *set, int64_t time_ns, struct shot *ret_shot, struct text *ret_why)
{
    struct shot shot = {.time_ns = time_ns, .files = must_grow(NULL, set->n_files, sizeof(*shot.files))};

    for (size_t i = 0; i < set->n_files; i++) {
        struct shot_file *file = &shot.files[shot.n_files];
        int ret;

        if (kind_is_growth(set->files[i].kind))
            continue;
        ret = inflate_read_file(set->files[i].path, PROFILE_BYTES_MAX, &file->bytes, &file->len, ret_why);
        if (ret != 0) {
            shot_release(&shot);
            return ret;
        }
        file->kind = must_format("%s", set->files[i].kind);
        shot.n_files++;
    }
    *ret_shot = shot;
    return 0;
}

int shot_add(const struct shot *shot, struct sites *sites, size_t dump, struct text *ret_why)
{
    int ret = 0;

    for (size_t i = 0; i < shot->n_files && ret == 0; i++) {
        struct profile profile;

        ret = profile_decode(shot->files[i].bytes, shot->files[i].len, PROFILE_BYTES_MAX, &profile, ret_why);
        if (ret != 0)
            break;
        ret = sites_add(sites, dump, shot->files[i].kind, &profile, ret_why);
        profile_release(&profile);
    }
    return ret;
}

void shot_release(struct shot *shot)
{
    for (size_t i = 0; i < shot->n_files; i++) {
        free(shot->files[i].kind);
        free(shot->files[i].bytes);
    }
    free(shot->files);
    *shot = (struct shot){.n_files = 0};
}
