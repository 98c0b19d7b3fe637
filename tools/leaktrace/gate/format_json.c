/*
 * The result for scripts, "leaktrace-gate/1":
 *
 *   {"schema", "verdict": "leaks"|"incomplete"|"clean", "program", "program_status", "processes", "failing", "known",
 * "suppressed", "notes": [TEXT], "findings": [FINDING]} FINDING: {"kind", "class", "count", "bytes", "detail"?, "fails",
 * "fingerprint", "normalized_stack", "suppressed_by": null|TEXT, "baseline": "new"|"known"|"more", "rounds"?: [COUNT], "tests":
 * [TEXT], "processes": [{"pid", "exe"}], "stack": [{"function", "file": null|TEXT, "line": null|N, "module": null|TEXT}]}
 *
 * All leaks are there, also those that do not fail; worst first.
 */
#include "gate/output.h"

#include "common.h"
#include "gate/process.h"
#include "view/json.h"

#include <stdlib.h>

static void write_text(struct json *json, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        json_null(json, key);
    else
        json_string(json, key, value);
}

static void write_frame(struct json *json, const struct places_frame *frame)
{
    json_open_object(json, NULL);
    json_string(json, "function", frame->function);
    write_text(json, "file", frame->file);
    if (frame->line > 0)
        json_int(json, "line", frame->line);
    else
        json_null(json, "line");
    write_text(json, "module", frame->module);
    json_close(json);
}

static void write_stack(struct json *json, const struct leak *leak)
{
    json_open_array(json, "stack");
    for (size_t i = 0; i < leak->n_frames; i++)
        write_frame(json, leak->frames[i]);
    json_close(json);
}

static void write_tests(struct json *json, const struct leak *leak)
{
    const char **tests;
    size_t n = verdict_tests(leak, &tests);

    json_open_array(json, "tests");
    for (size_t i = 0; i < n; i++)
        json_string(json, NULL, tests[i]);
    json_close(json);
    free(tests);
}

static void write_processes(struct json *json, const struct leak *leak)
{
    json_open_array(json, "processes");
    for (size_t i = 0; i < leak->n_processes; i++) {
        json_open_object(json, NULL);
        json_int(json, "pid", leak->processes[i]->pid);
        json_string(json, "exe", leak->processes[i]->exe);
        json_close(json);
    }
    json_close(json);
}

static void write_rounds(struct json *json, const struct leak *leak, size_t n_rounds)
{
    if (leak->rounds == NULL)
        return;
    json_open_array(json, "rounds");
    for (size_t i = 0; i < n_rounds; i++)
        json_int(json, NULL, leak->rounds[i].count);
    json_close(json);
}

static void write_leak(struct json *json, const struct verdict *verdict, const struct leak *leak)
{
    json_open_object(json, NULL);
    json_string(json, "kind", leak_kind_names[leak->kind]);
    json_string(json, "class", leak_class_names[leak->class]);
    json_int(json, "count", leak->amount.count);
    json_int(json, "bytes", leak->amount.bytes);
    if (leak->detail[0] != '\0')
        json_string(json, "detail", leak->detail);
    json_bool(json, "fails", leak->fails);
    json_string(json, "fingerprint", leak->fingerprint.id);
    json_string(json, "normalized_stack", leak->fingerprint.stack);
    write_text(json, "suppressed_by", leak->suppressed_by);
    json_string(json, "baseline", leak_baseline_names[leak->baseline]);
    write_rounds(json, leak, verdict->leaks->n_rounds);
    write_tests(json, leak);
    write_processes(json, leak);
    write_stack(json, leak);
    json_close(json);
}

void format_json(const struct verdict *verdict, FILE *out)
{
    struct json json = {.out = out};

    json_open_object(&json, NULL);
    json_string(&json, "schema", "leaktrace-gate/1");
    json_string(&json, "verdict", verdict_word(verdict));
    json_string(&json, "program", verdict->program);
    json_int(&json, "program_status", verdict->program_status);
    json_int(&json, "processes", (int64_t)verdict->n_processes);
    json_int(&json, "failing", (int64_t)verdict->n_failing);
    json_int(&json, "known", (int64_t)verdict->n_known);
    json_int(&json, "suppressed", (int64_t)verdict->n_suppressed);
    json_open_array(&json, "notes");
    for (size_t i = 0; i < verdict->n_notes; i++)
        json_string(&json, NULL, verdict->notes[i]);
    json_close(&json);
    json_open_array(&json, "findings");
    for (size_t i = 0; i < verdict->leaks->n; i++)
        write_leak(&json, verdict, verdict->leaks->sorted[i]);
    json_close(&json);
    json_close(&json);
}
