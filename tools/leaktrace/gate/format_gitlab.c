/* GitLab's report of code quality: the leaks that fail. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/format.h"
#include "view/json.h"

#include <stdlib.h>

static const char *severity_of(const struct leak *leak)
{
    static const char *const severities[LEAK_CLASS_MAX] = {"major", "minor", "info",  "info",
                                                           "major", "minor", "minor", "major"};

    return severities[leak->class];
}

static void write_issue(struct json *json, const struct verdict *verdict, size_t at)
{
    const struct leak *leak = verdict->leaks->sorted[at];
    char *what = leak_describe(leak), *where = leak_place(leak);
    char *description = must_format("%s: %s", what, where);
    char *check = must_format("leaktrace/%s/%s", leak_kind_names[leak->kind], leak_class_names[leak->class]);
    char *unique = must_format("%s-%u", leak->fingerprint.id, format_ordinal(verdict, at));
    struct format_source source = format_source_of_leak(leak);

    json_open_object(json, NULL);
    json_string(json, "description", description);
    json_string(json, "check_name", check);
    json_string(json, "fingerprint", unique);
    json_string(json, "severity", severity_of(leak));
    json_open_object(json, "location");
    json_string(json, "path", source.path);
    json_open_object(json, "lines");
    json_int(json, "begin", source.line);
    json_close(json);
    json_close(json);
    json_close(json);
    free(source.path);
    free(unique);
    free(check);
    free(description);
    free(where);
    free(what);
}

void format_gitlab(const struct verdict *verdict, FILE *out)
{
    struct json json = {.out = out};

    json_open_array(&json, NULL);
    for (size_t i = 0; i < verdict->leaks->n; i++)
        if (verdict->leaks->sorted[i]->fails)
            write_issue(&json, verdict, i);
    json_close(&json);
}
