/* The list of findings. Owns the memory of its rows; called by `leaktrace doctor` and its checks. */
#include "doctor/finding.h"

#include "common.h"
#include "view/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SCHEMA 1

static const char *const level_names[FINDING_LEVEL_MAX] = {
    [FINDING_STOP] = "stop",
    [FINDING_LIMIT] = "limit",
    [FINDING_NOTE] = "note",
    [FINDING_OK] = "ok",
};

void findings_add(struct findings *findings, enum finding_level level, const char *topic, const char *advice,
                  const char *format, ...)
{
    struct finding finding = {.level = level, .topic = topic};
    va_list args;

    va_start(args, format);
    finding.text = must_vformat(format, args);
    va_end(args);
    finding.advice = advice == NULL ? NULL : must_format("%s", advice);
    findings->rows = must_grow(findings->rows, findings->n + 1, sizeof(finding));
    findings->rows[findings->n++] = finding;
}

bool findings_have(const struct findings *findings, enum finding_level level)
{
    for (size_t i = 0; i < findings->n; i++)
        if (findings->rows[i].level == level)
            return true;
    return false;
}

static const char *summary(const struct findings *findings)
{
    bool limited = findings_have(findings, FINDING_LIMIT);

    if (findings_have(findings, FINDING_STOP))
        return findings->is_traced ? "is traced, but to no use" : "cannot be traced";
    if (findings->is_traced)
        return limited ? "is traced, with limits" : "is traced";
    if (findings->is_running)
        return limited ? "can be traced, with limits, when it is started again" : "can be traced when it is started again";
    return limited ? "can be traced, with limits" : "can be traced";
}

/* Names of files may hold anything: a line stays a line. */
static void print_clean(const char *text)
{
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void print_row(const struct finding *row)
{
    printf("  %-5s  %-9s  ", level_names[row->level], row->topic);
    print_clean(row->text);
    if (row->advice != NULL)
        printf(". %s", row->advice);
    putchar('\n');
}

void findings_print(const struct findings *findings, const struct finding_subject *subject)
{
    print_clean(subject->name);
    if (subject->pid != 0) {
        fputs(" (", stdout);
        print_clean(subject->program);
        putchar(')');
    }
    printf(" %s\n", summary(findings));
    for (enum finding_level level = 0; level < FINDING_LEVEL_MAX; level++)
        for (size_t i = 0; i < findings->n; i++)
            if (findings->rows[i].level == level)
                print_row(&findings->rows[i]);
}

static void write_row(struct json *json, const struct finding *row)
{
    json_open_object(json, NULL);
    json_string(json, "level", level_names[row->level]);
    json_string(json, "topic", row->topic);
    json_string(json, "text", row->text);
    if (row->advice != NULL)
        json_string(json, "advice", row->advice);
    else
        json_null(json, "advice");
    json_close(json);
}

static const char *verdict(const struct findings *findings)
{
    if (findings_have(findings, FINDING_STOP))
        return "no";
    return findings_have(findings, FINDING_LIMIT) ? "partly" : "yes";
}

void findings_write_json(const struct findings *findings, const struct finding_subject *subject)
{
    struct json json = {.out = stdout};

    json_open_object(&json, NULL);
    json_int(&json, "schema", SCHEMA);
    json_string(&json, "subject", subject->name);
    json_string(&json, "program", subject->program);
    if (subject->pid != 0)
        json_int(&json, "pid", subject->pid);
    else
        json_null(&json, "pid");
    json_string(&json, "verdict", verdict(findings));
    json_string(&json, "summary", summary(findings));
    json_open_array(&json, "findings");
    for (enum finding_level level = 0; level < FINDING_LEVEL_MAX; level++)
        for (size_t i = 0; i < findings->n; i++)
            if (findings->rows[i].level == level)
                write_row(&json, &findings->rows[i]);
    json_close(&json);
    json_close(&json);
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        free(findings->rows[i].text);
        free(findings->rows[i].advice);
    }
    free(findings->rows);
}
