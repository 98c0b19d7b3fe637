/* What formats share. Owns the name of the current folder. */
#include "gate/format.h"

#include "common.h"
#include "view/chain.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Paths of debug information may hold "/./" and "x/../". */
static char *clean_path(const char *path)
{
    char *clean = must_format("%s", path);
    size_t len = 0;

    for (const char *at = path; *at != '\0';) {
        if (begins_with(at, "/./") || strcmp(at, "/.") == 0) {
            at += 2;
        } else if (len > 0 && (begins_with(at, "/../") || strcmp(at, "/..") == 0)) {
            while (len > 0 && clean[--len] != '/')
                ;
            at += 3;
        } else {
            clean[len++] = *at++;
        }
    }
    clean[len] = '\0';
    return clean;
}

static const char *below_current(const char *path)
{
    static char folder[PATH_MAX];
    size_t len;

    if (folder[0] == '\0' && getcwd(folder, sizeof(folder)) == NULL)
        strcpy(folder, "/");
    len = strlen(folder);
    if (begins_with(path, folder) && path[len] == '/' && path[len + 1] != '\0')
        return path + len + 1;
    return path;
}

struct format_source format_source_of_frame(const struct places_frame *frame)
{
    bool is_known = frame->file[0] != '\0';
    const char *path = is_known ? frame->file : frame->module[0] != '\0' ? frame->module : "unknown";
    char *clean = clean_path(path);
    struct format_source source = {.is_known = is_known, .line = is_known && frame->line > 0 ? frame->line : 1};

    source.path = must_format("%s", below_current(clean));
    free(clean);
    return source;
}

struct format_source format_source_of_leak(const struct leak *leak)
{
    static const struct places_frame nowhere = {.function = "", .symbol = "", .module = "", .file = ""};

    for (size_t i = leak->headline; i < leak->n_frames; i++)
        if (!leak->frames[i]->is_plumbing && leak->frames[i]->file[0] != '\0')
            return format_source_of_frame(leak->frames[i]);
    return format_source_of_frame(leak->n_frames == 0 ? &nowhere : leak->frames[leak->headline]);
}

char *format_stack(const struct leak *leak)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        must_end();
    for (size_t i = 0; i < leak->n_frames; i++) {
        char *name = chain_name_frame(leak->frames[i]);

        fprintf(out, "#%zu %s in %s\n", i, name, places_base_name(leak->frames[i]->module));
        free(name);
    }
    if (fclose(out) != 0)
        must_end();
    return text;
}

unsigned format_ordinal(const struct verdict *verdict, size_t at)
{
    unsigned ordinal = 1;

    for (size_t i = 0; i < at; i++)
        ordinal += strcmp(verdict->leaks->sorted[i]->fingerprint.id, verdict->leaks->sorted[at]->fingerprint.id) == 0;
    return ordinal;
}

char *format_stable_name(const struct verdict *verdict, size_t at)
{
    const struct leak *leak = verdict->leaks->sorted[at];
    const struct places_frame *frame = leak_headline(leak);
    unsigned ordinal = format_ordinal(verdict, at);
    const char *function = frame == NULL ? "an unknown place" : frame->function;

    if (ordinal == 1)
        return must_format("%s [%s]", function, leak->fingerprint.id);
    return must_format("%s [%s] #%u", function, leak->fingerprint.id, ordinal);
}
