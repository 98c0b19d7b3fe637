/* Fingerprints. Owns nothing; called by gate/leak and gate/baseline. */
#include "gate/fingerprint.h"

#include "common.h"
#include "view/places.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR " < "

/* What compilers append for clones, parts and units: a dot, one of these words, and then dots, words and digits. */
static bool is_clone_suffix(const char *at)
{
    static const char *const words[] = {".isra", ".constprop", ".part",       ".cold",  ".lto_priv",
                                        ".llvm", ".clone",     ".localalias", ".ltrans"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins_with(at, words[i]) && !isalpha((unsigned char)at[strlen(words[i])]))
            return true;
    return *at == '.' && at[1] != '\0' && at[1 + strspn(at + 1, "0123456789")] == '\0';
}

/* Rust's hash: "::h" and 16 digits. */
static bool is_rust_hash(const char *at)
{
    return begins_with(at, "::h") && strspn(at + 3, "0123456789abcdef") == 16 && at[19] == '\0';
}

/* How much of `at` names an operator whose sign has brackets in it; 0: none. */
static size_t operator_length(const char *name, const char *at)
{
    static const char *const signs[] = {"()", "<=>", "<<=", ">>=", "<<", ">>", "<=", ">=", "->*", "->", "<", ">"};
    size_t word = strlen("operator");

    if (at < name + word || strncmp(at - word, "operator", word) != 0 ||
        (at > name + word && (isalnum((unsigned char)at[-(ptrdiff_t)word - 1]) || at[-(ptrdiff_t)word - 1] == '_')))
        return 0;
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (begins_with(at, signs[i]))
            return strlen(signs[i]);
    return 0;
}

/* The end of what is in brackets from `at` on. */
static const char *skip_brackets(const char *at)
{
    unsigned depth = 0;

    for (; *at != '\0'; at++) {
        if (strchr("(<[{", *at) != NULL)
            depth++;
        if (strchr(")]}", *at) != NULL || (*at == '>' && at[-1] != '-'))
            depth--;
        if (depth == 0)
            return at + 1;
    }
    return at;
}

char *fingerprint_normalize(const char *function)
{
    static const char thunk[] = "non-virtual thunk to ";
    const char *at = begins_with(function, thunk) ? function + strlen(thunk) : function, *start = at;
    char *name = must_format("%s", at);
    size_t len = 0;

    while (*at != '\0' && !is_rust_hash(at) && !(at > start && is_clone_suffix(at))) {
        size_t sign = operator_length(start, at);

        if (sign > 0) {
            memcpy(name + len, at, sign);
            len += sign;
            at += sign;
        } else if (begins_with(at, "(anonymous namespace)") || begins_with(at, "{lambda")) {
            name[len++] = *at == '{' ? 'L' : 'A';
            at = skip_brackets(at);
        } else if (at > start && strchr("([<", *at) != NULL) {
            /* Names of Rust may begin with one: <T as Trait>::method. */
            at = skip_brackets(at);
        } else {
            name[len++] = *at++;
        }
    }
    while (len > 0 && name[len - 1] == ' ')
        len--;
    name[len] = '\0';
    if (len > strlen(" const") && strcmp(name + len - strlen(" const"), " const") == 0)
        name[len - strlen(" const")] = '\0';
    return name;
}

void fingerprint_hash(const char *kind, const char *stack, char ret_id[17])
{
    const char *const parts[] = {kind, ":", stack};
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const char *at = parts[i]; *at != '\0'; at++)
            hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
    snprintf(ret_id, 17, "%016" PRIx64, hash);
}

/* Whether the frame is one that the user has written, and that may be told by. */
static bool is_told(const struct places_frame *frame, bool also_plumbing)
{
    return (also_plumbing || !frame->is_plumbing) && strcmp(frame->function, "_start") != 0;
}

/* The normalized names of the frames that count, each function once; NULL for those that do not. */
static char **name_frames(const struct places_frame *const *frames, size_t n, bool also_plumbing)
{
    char **names = must_grow(NULL, n, sizeof(*names));

    for (size_t i = 0; i < n; i++) {
        bool told = is_told(frames[i], also_plumbing);

        names[i] = !told ? NULL : frames[i]->symbol[0] == '\0' ? must_format("?") : fingerprint_normalize(frames[i]->function);
        for (size_t j = 0; told && j < i; j++) {
            if (names[j] != NULL && strcmp(names[i], names[j]) == 0 && strcmp(frames[i]->module, frames[j]->module) == 0) {
                free(names[i]);
                names[i] = NULL;
                break;
            }
        }
    }
    return names;
}

/* "libfoo.so.1.2" without its version. */
static int module_length(const char *base)
{
    const char *end = strstr(base, ".so.");

    return end == NULL ? (int)strlen(base) : (int)(end - base) + 3;
}

/* Writes "leaf < caller [module] < ...": a module stands behind the last of its frames. */
static void write_stack(FILE *out, const struct places_frame *const *frames, char *const *names, size_t n)
{
    const char *module = NULL;

    for (size_t i = 0; i < n; i++) {
        const char *next = names[i] == NULL ? NULL : places_base_name(frames[i]->module);

        if (next == NULL)
            continue;
        if (module != NULL && strcmp(module, next) != 0)
            fprintf(out, " [%.*s]", module_length(module), module);
        fprintf(out, "%s%s", module == NULL ? "" : SEPARATOR, names[i]);
        module = next;
    }
    if (module != NULL && *module != '\0')
        fprintf(out, " [%.*s]", module_length(module), module);
}

/* The stack of those frames that count; malloc'ed, with control characters replaced, for it stands on one line. */
static char *normalize_stack(const struct places_frame *const *frames, size_t n, bool also_plumbing)
{
    char **names = name_frames(frames, n, also_plumbing);
    char *stack = NULL;
    size_t len;
    FILE *out = open_memstream(&stack, &len);

    if (out == NULL)
        must_end();
    write_stack(out, frames, names, n);
    if (fclose(out) != 0)
        must_end();
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    for (char *at = stack; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = '?';
    return stack;
}

struct fingerprint fingerprint_of(struct arena *arena, const char *kind, const struct places_frame *const *frames,
                                  size_t n_frames)
{
    struct fingerprint fingerprint;
    char *stack = normalize_stack(frames, n_frames, false);

    if (*stack == '\0') {
        free(stack);
        stack = normalize_stack(frames, n_frames, true);
    }
    fingerprint.stack = must_copy(arena, *stack == '\0' ? "?" : stack);
    free(stack);
    fingerprint_hash(kind, fingerprint.stack, fingerprint.id);
    return fingerprint;
}
