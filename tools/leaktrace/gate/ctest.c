/* CTest's lists of tests. Owns nothing; called by gate/process. */
#include "gate/ctest.h"

#include "base/text.h"
#include "common.h"
#include "profile/inflate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16ul << 20)
#define DEPTH_MAX 16
#define COMMAND_CUT 500 /* of the library's comment, which holds no more */

struct search {
    struct arena *arena;
    const char *command;
    unsigned depth;
};

/* Takes the next argument of a command of CMake's: quoted, [=[in brackets]=], or plain. malloc'ed; NULL at the closing bracket,
   and at the end of the text. */
static char *take_argument(const char **at)
{
    char *argument, *out;
    const char *end;

    *at += strspn(*at, " \t\r\n");
    if (**at == '\0' || **at == ')')
        return NULL;
    out = argument = must_format("%s", *at);
    if (begins_with(*at, "[=[") && (end = strstr(*at, "]=]")) != NULL) {
        out += end - *at - 3;
        memmove(argument, *at + 3, (size_t)(out - argument));
        *at = end + 3;
    } else if (**at == '"') {
        for ((*at)++; **at != '\0' && **at != '"'; (*at)++) {
            *at += **at == '\\' && (*at)[1] != '\0';
            *out++ = **at;
        }
        *at += **at == '"';
    } else {
        out += strcspn(*at, " \t\r\n)");
        *at += out - argument;
    }
    *out = '\0';
    return argument;
}

/* The words up to the closing bracket, separated by blanks; malloc'ed. */
static char *join_arguments(const char **at)
{
    char *line = must_format("%s", ""), *word;

    while ((word = take_argument(at)) != NULL) {
        char *longer = must_format("%s%s%s", line, *line == '\0' ? "" : " ", word);

        free(word);
        free(line);
        line = longer;
    }
    return line;
}

static bool is_command(const struct search *search, const char *line)
{
    size_t len = strlen(search->command);

    return len < COMMAND_CUT ? strcmp(line, search->command) == 0 : strncmp(line, search->command, len) == 0;
}

/* The command whose name begins at `at`, when that is a word of its own and a bracket follows. */
static const char *behind_name(const char *text, const char *at, const char *name)
{
    const char *behind = at + strlen(name);

    if (!begins_with(at, name) || (at > text && strchr(" \t\r\n)", at[-1]) == NULL) || *behind != '(')
        return NULL;
    return behind + 1;
}

static const char *find_in(struct search *search, const char *folder);

static const char *find_below(struct search *search, const char *folder, const char **at)
{
    const char *found = NULL;
    char *name;

    while (found == NULL && (name = take_argument(at)) != NULL) {
        char *below = *name == '/' ? must_format("%s", name) : must_format("%s/%s", folder, name);

        found = find_in(search, below);
        free(below);
        free(name);
    }
    return found;
}

static const char *find_in_text(struct search *search, const char *folder, const char *text)
{
    const char *found = NULL, *behind;

    for (const char *at = text; *at != '\0' && found == NULL; at++) {
        if ((behind = behind_name(text, at, "subdirs")) != NULL) {
            found = find_below(search, folder, &behind);
        } else if ((behind = behind_name(text, at, "add_test")) != NULL) {
            char *name = take_argument(&behind), *line = join_arguments(&behind);

            if (name != NULL && is_command(search, line))
                found = must_copy(search->arena, name);
            free(name);
            free(line);
        }
    }
    return found;
}

static const char *find_in(struct search *search, const char *folder)
{
    char why_buf[256] = "", *path = must_format("%s/CTestTestfile.cmake", folder), *text;
    struct text why = TEXT_ON(why_buf);
    const char *found = NULL;
    uint8_t *bytes;
    size_t len;

    if (search->depth < DEPTH_MAX && inflate_read_file(path, FILE_MAX, &bytes, &len, &why) == 0) {
        text = must_format("%.*s", (int)len, (const char *)bytes);
        free(bytes);
        search->depth++;
        found = find_in_text(search, folder, text);
        search->depth--;
        free(text);
    }
    free(path);
    return found;
}

const char *ctest_find(struct arena *arena, const char *folder, const char *command)
{
    struct search search = {.arena = arena, .command = command};

    return *folder == '\0' || *command == '\0' ? NULL : find_in(&search, folder);
}
