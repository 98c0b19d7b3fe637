/* The reader of status files. Owns nothing; called by target.c. */
#include "target/status.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct status_key {
    const char *key;
    size_t offset;
    size_t size; /* of a text; 0: a number */
};

#define SIZE_OF(name) sizeof(((struct status *)0)->name)
#define TEXT(name) {.key = #name, .offset = offsetof(struct status, name), .size = SIZE_OF(name)}
#define NUMBER(name) {.key = #name, .offset = offsetof(struct status, name)}

static const struct status_key status_keys[] = {
    TEXT(version),
    TEXT(exe),
    TEXT(dir),
    TEXT(signal),
    NUMBER(pid),
    NUMBER(start_ns),
    NUMBER(seq),
    NUMBER(heap_objects),
    NUMBER(heap_bytes),
    NUMBER(heap_growth_bytes),
    NUMBER(fds),
    NUMBER(fds_growth),
    NUMBER(threads),
    NUMBER(threads_growth),
    NUMBER(own_bytes),
    NUMBER(own_cpu_ns),
    NUMBER(dropped),
    NUMBER(truncated),
    NUMBER(lock_waits),
    NUMBER(lock_timeouts),
    NUMBER(pause_ns),
    NUMBER(ended),
};

static void take_answer(struct status *status, const char *value)
{
    size_t len = strlen(status->answer);

    snprintf(status->answer + len, sizeof(status->answer) - len, "%s\n", value);
}

static void take_pair(struct status *status, const char *key, const char *value)
{
    if (strcmp(key, "answer") == 0)
        take_answer(status, value);
    for (size_t i = 0; i < sizeof(status_keys) / sizeof(status_keys[0]); i++) {
        const struct status_key *row = &status_keys[i];
        char *field = (char *)status + row->offset;
        int64_t number;

        if (strcmp(row->key, key) != 0)
            continue;
        if (row->size > 0) {
            snprintf(field, row->size, "%s", value);
        } else {
            number = strtoll(value, NULL, 10);
            memcpy(field, &number, sizeof(number));
        }
        return;
    }
}

static void take_line(struct status *status, char *line)
{
    char *space;

    line[strcspn(line, "\n")] = '\0';
    space = strchr(line, ' ');
    if (space == NULL)
        return;
    *space = '\0';
    take_pair(status, line, space + 1);
}

int status_read(const char *path, struct status *ret_status)
{
    FILE *file = fopen(path, "re");
    struct status status = {.pid = 0};
    char *line = NULL;
    size_t size = 0;
    struct stat st;

    if (file == NULL)
        return -errno;
    if (fstat(fileno(file), &st) == 0)
        status.written_ns = st.st_mtim.tv_sec * 1000000000l + st.st_mtim.tv_nsec;
    while (getline(&line, &size, file) > 0)
        take_line(&status, line);
    free(line);
    fclose(file);
    *ret_status = status;
    return 0;
}

bool status_answer(struct status *status, uint32_t nonce, bool *ret_ok, const char **ret_text)
{
    const char *line = status->answer;
    char verdict[8];
    unsigned answered;

    for (; *line != '\0'; line += strcspn(line, "\n") + 1) {
        status->answer_text[0] = '\0';
        if (sscanf(line, "%u %7[a-z] %255[^\n]", &answered, verdict, status->answer_text) < 2 || answered != nonce)
            continue;
        *ret_ok = strcmp(verdict, "ok") == 0;
        *ret_text = status->answer_text;
        return true;
    }
    return false;
}
