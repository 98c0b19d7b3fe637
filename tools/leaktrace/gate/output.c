/* Where results go. Owns nothing; called by the gate. */
#include "gate/output.h"

#include "base/nearest.h"
#include "common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    output_write *write;
} formats[] = {
    {"text", format_text},     {"json", format_json},     {"sarif", format_sarif},       {"junit", format_junit},
    {"github", format_github}, {"gitlab", format_gitlab}, {"markdown", format_markdown}, {"valgrind", format_valgrind},
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static output_write *find_format(const char *name)
{
    const char *names[N_FORMATS], *nearest;

    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].write;
        names[i] = formats[i].name;
    }
    nearest = nearest_word(name, names, N_FORMATS);
    complain_usage(
        "gate",
        "--format takes a list of text, json, sarif, junit, github, gitlab, markdown, valgrind, each maybe with =FILE; not "
        "'%s'%s%s%s",
        name, nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    return NULL;
}

size_t output_parse(const char *list, struct output **ret_outputs)
{
    char *copy = must_format("%s", list), *rest = copy, *word;
    struct output *outputs = NULL;
    size_t n = 0;

    while ((word = strsep(&rest, ",")) != NULL) {
        char *file = strchr(word, '=');
        output_write *write;

        if (file != NULL && file[1] != '\0')
            *file++ = '\0';
        write = find_format(word);
        if (write == NULL) {
            output_release(outputs, n);
            free(copy);
            return 0;
        }
        outputs = must_grow(outputs, n + 1, sizeof(*outputs));
        outputs[n++] = (struct output){write, file == NULL ? NULL : must_format("%s", file)};
    }
    free(copy);
    *ret_outputs = outputs;
    return n;
}

/* A device, a pipe or a link: it must stay what it is. */
static bool is_special(const char *file)
{
    struct stat st;

    return lstat(file, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A reader of the file sees all of it or what was there before. */
static bool write_file(const struct output *output, const struct verdict *verdict)
{
    bool in_place = is_special(output->file);
    char *beside = in_place ? must_format("%s", output->file) : must_format("%s.%d.tmp", output->file, (int)getpid());
    FILE *out = fopen(beside, "we");
    int error = out == NULL ? errno : 0;

    if (out != NULL) {
        output->write(verdict, out);
        error = ferror(out) ? EIO : 0;
        if (fclose(out) != 0)
            error = errno;
    }
    if (error == 0 && !in_place && rename(beside, output->file) != 0)
        error = errno;
    if (error != 0) {
        if (out != NULL && !in_place)
            unlink(beside);
        complain("cannot write %s: %s", output->file, strerror(error));
    }
    free(beside);
    return error == 0;
}

bool output_all(const struct output *outputs, size_t n, const struct verdict *verdict)
{
    bool good = true;

    for (size_t i = 0; i < n; i++) {
        if (outputs[i].file == NULL || strcmp(outputs[i].file, "-") == 0)
            outputs[i].write(verdict, stdout);
        else
            good &= write_file(&outputs[i], verdict);
    }
    return good;
}

void output_release(struct output *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(outputs[i].file);
    free(outputs);
}
