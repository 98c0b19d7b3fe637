/* SARIF 2.1.0, for code scanning. The stack is a code flow, from the outermost frame to the one that acquired. Owns nothing. */
#include "gate/output.h"

#include "common.h"
#include "gate/format.h"
#include "gate/process.h"
#include "view/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Rules are kinds and classes: heap/definite, fd/open. */
static char *rule_of(const struct leak *leak)
{
    return must_format("%s/%s", leak_kind_names[leak->kind], leak_class_names[leak->class]);
}

static void write_message(struct json *json, const char *key, const char *text)
{
    json_open_object(json, key);
    json_string(json, "text", text);
    json_close(json);
}

/* A path as a reference of RFC 3986: absolute ones get a scheme. */
static char *make_uri(const char *path)
{
    char *uri = must_grow(NULL, 3 * strlen(path) + sizeof("file://"), 1);
    char *at = stpcpy(uri, *path == '/' ? "file://" : "");

    for (; *path != '\0'; path++) {
        if (isalnum((unsigned char)*path) || strchr("/-._~+@", *path) != NULL)
            *at++ = *path;
        else
            at += sprintf(at, "%%%02X", (unsigned char)*path);
    }
    *at = '\0';
    return uri;
}

static void write_location(struct json *json, const char *key, const struct format_source *source,
                           const struct places_frame *frame)
{
    char *uri = make_uri(source->path);

    json_open_object(json, key);
    json_open_object(json, "physicalLocation");
    json_open_object(json, "artifactLocation");
    json_string(json, "uri", uri);
    json_close(json);
    json_open_object(json, "region");
    json_int(json, "startLine", source->line);
    json_close(json);
    json_close(json);
    if (frame != NULL) {
        json_open_array(json, "logicalLocations");
        json_open_object(json, NULL);
        json_string(json, "fullyQualifiedName", frame->function);
        json_string(json, "kind", "function");
        json_close(json);
        json_close(json);
        write_message(json, "message", frame->function);
    }
    json_close(json);
    free(uri);
}

static void write_code_flow(struct json *json, const struct leak *leak)
{
    if (leak->n_frames == 0)
        return;
    json_open_array(json, "codeFlows");
    json_open_object(json, NULL);
    json_open_array(json, "threadFlows");
    json_open_object(json, NULL);
    json_open_array(json, "locations");
    for (size_t i = leak->n_frames; i-- > 0;) {
        struct format_source source = format_source_of_frame(leak->frames[i]);

        json_open_object(json, NULL);
        write_location(json, "location", &source, leak->frames[i]);
        json_close(json);
        free(source.path);
    }
    json_close(json);
    json_close(json);
    json_close(json);
    json_close(json);
    json_close(json);
}

static void write_fingerprints(struct json *json, const struct verdict *verdict, size_t at)
{
    const char *id = verdict->leaks->sorted[at]->fingerprint.id;
    char *unique = must_format("%s:%u", id, format_ordinal(verdict, at));

    json_open_object(json, "partialFingerprints");
    json_string(json, "leaktraceStack/v1", id);
    json_string(json, "primaryLocationLineHash", unique);
    json_close(json);
    free(unique);
}

static void write_suppression(struct json *json, const struct leak *leak)
{
    if (leak->suppressed_by == NULL)
        return;
    json_open_array(json, "suppressions");
    json_open_object(json, NULL);
    json_string(json, "kind", "external");
    json_string(json, "justification", leak->suppressed_by);
    json_close(json);
    json_close(json);
}

static void write_properties(struct json *json, const struct leak *leak)
{
    const char **tests;
    size_t n = verdict_tests(leak, &tests);

    json_open_object(json, "properties");
    json_int(json, "count", leak->amount.count);
    json_int(json, "bytes", leak->amount.bytes);
    json_int(json, "processes", (int64_t)leak->n_processes);
    json_open_array(json, "tests");
    for (size_t i = 0; i < n; i++)
        json_string(json, NULL, tests[i]);
    json_close(json);
    json_close(json);
    free(tests);
}

static void write_result(struct json *json, const struct verdict *verdict, size_t at)
{
    static const char *const states[LEAK_BASELINE_MAX] = {"new", "unchanged", "updated"};
    const struct leak *leak = verdict->leaks->sorted[at];
    char *rule = rule_of(leak), *what = leak_describe(leak), *where = leak_place(leak);
    char *message = must_format("%s: %s", what, where);
    struct format_source source = format_source_of_leak(leak);

    json_open_object(json, NULL);
    json_string(json, "ruleId", rule);
    json_string(json, "level", leak->fails ? "error" : "note");
    write_message(json, "message", message);
    json_open_array(json, "locations");
    write_location(json, NULL, &source, leak_headline(leak));
    json_close(json);
    write_code_flow(json, leak);
    write_fingerprints(json, verdict, at);
    if (verdict->has_baseline)
        json_string(json, "baselineState", states[leak->baseline]);
    write_suppression(json, leak);
    write_properties(json, leak);
    json_close(json);
    free(source.path);
    free(message);
    free(where);
    free(what);
    free(rule);
}

/* Each rule once. */
static void write_rules(struct json *json, const struct verdict *verdict)
{
    static const char *const nouns[LEAK_KIND_MAX] = {"Heap blocks", "File descriptors", "Threads", "Mappings"};
    bool seen[LEAK_KIND_MAX][LEAK_CLASS_MAX] = {{false}};

    json_open_array(json, "rules");
    for (size_t i = 0; i < verdict->leaks->n; i++) {
        const struct leak *leak = verdict->leaks->sorted[i];
        char *rule, *description;

        if (seen[leak->kind][leak->class])
            continue;
        seen[leak->kind][leak->class] = true;
        rule = rule_of(leak);
        description = must_format("%s that were not given back: %s", nouns[leak->kind], leak_class_names[leak->class]);
        json_open_object(json, NULL);
        json_string(json, "id", rule);
        write_message(json, "shortDescription", description);
        json_close(json);
        free(description);
        free(rule);
    }
    json_close(json);
}

static void write_invocation(struct json *json, const struct verdict *verdict)
{
    json_open_array(json, "invocations");
    json_open_object(json, NULL);
    json_string(json, "commandLine", verdict->program);
    json_bool(json, "executionSuccessful", !verdict->is_incomplete);
    json_open_array(json, "toolExecutionNotifications");
    for (size_t i = 0; i < verdict->n_notes; i++) {
        json_open_object(json, NULL);
        json_string(json, "level", "note");
        write_message(json, "message", verdict->notes[i]);
        json_close(json);
    }
    json_close(json);
    json_close(json);
    json_close(json);
}

void format_sarif(const struct verdict *verdict, FILE *out)
{
    struct json json = {.out = out};

    json_open_object(&json, NULL);
    json_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_string(&json, "version", "2.1.0");
    json_open_array(&json, "runs");
    json_open_object(&json, NULL);
    json_open_object(&json, "tool");
    json_open_object(&json, "driver");
    json_string(&json, "name", "leaktrace");
    json_string(&json, "version", LEAKTRACE_VERSION);
    write_rules(&json, verdict);
    json_close(&json);
    json_close(&json);
    write_invocation(&json, verdict);
    json_open_array(&json, "results");
    for (size_t i = 0; i < verdict->leaks->n; i++)
        write_result(&json, verdict, i);
    json_close(&json);
    json_close(&json);
    json_close(&json);
    json_close(&json);
}
