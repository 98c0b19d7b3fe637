/* The data of the page, see data.h. Owns nothing; called by page.c. */
#include "flame/data.h"

#include "common.h"
#include "flame/page.h"
#include "view/json.h"

#define TABLE_ARENA arena
#include "base/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Strings of which there are few, each with its number. */
struct word {
    size_t at;
    UT_hash_handle hh;
    char text[];
};

static size_t number_of(struct arena *arena, struct word **words, const char *text)
{
    size_t len = strlen(text);
    struct word *word;

    HASH_FIND(hh, *words, text, len, word);
    if (word == NULL) {
        word = must_take(arena, sizeof(*word) + len + 1);
        word->at = HASH_COUNT(*words);
        memcpy(word->text, text, len + 1);
        HASH_ADD(hh, *words, text, len, word);
        if (!TABLE_ADDED(word))
            must_end();
    }
    return word->at;
}

/* A text of numbers, while it is written. */
struct numbers {
    FILE *out;
    char *text;
    size_t len;
};

static void numbers_open(struct numbers *numbers)
{
    *numbers = (struct numbers){.text = NULL};
    numbers->out = open_memstream(&numbers->text, &numbers->len);
    if (numbers->out == NULL)
        must_end();
}

static void numbers_add(struct numbers *numbers, int64_t number)
{
    fprintf(numbers->out, "%s%" PRId64, ftell(numbers->out) > 0 ? " " : "", number);
}

static void numbers_close(struct numbers *numbers, struct json *json, const char *key)
{
    if (fclose(numbers->out) != 0)
        must_end();
    json_string(json, key, numbers->text);
    free(numbers->text);
}

static void write_words(struct json *json, const char *key, const struct word *words)
{
    json_open_array(json, key);
    for (; words != NULL; words = words->hh.next)
        json_string(json, NULL, words->text);
    json_close(json);
}

static void write_functions(const struct flame_functions *functions, struct json *json)
{
    struct arena arena = {0};
    struct word *module_words = NULL, *file_words = NULL;
    struct numbers modules, files, plumbing;

    numbers_open(&modules);
    numbers_open(&files);
    numbers_open(&plumbing);
    for (size_t i = 0; i < functions->n; i++) {
        numbers_add(&modules, (int64_t)number_of(&arena, &module_words, functions->rows[i].module));
        numbers_add(&files, (int64_t)number_of(&arena, &file_words, functions->rows[i].file));
        numbers_add(&plumbing, functions->rows[i].is_plumbing);
    }
    write_words(json, "modules", module_words);
    write_words(json, "files", file_words);
    json_open_object(json, "functions");
    json_open_array(json, "names");
    for (size_t i = 0; i < functions->n; i++)
        json_string(json, NULL, functions->rows[i].name);
    json_close(json);
    numbers_close(&modules, json, "modules");
    numbers_close(&files, json, "files");
    numbers_close(&plumbing, json, "plumbing");
    json_close(json);
    arena_release(&arena);
}

static void write_columns(const struct flame_tree *tree, struct json *json)
{
    json_open_array(json, "columns");
    for (size_t i = 0; i < tree->n_columns; i++) {
        json_open_object(json, NULL);
        json_string(json, "type", tree->columns[i].type);
        json_string(json, "unit", tree->columns[i].unit);
        json_bool(json, "growth", tree->columns[i].is_growth);
        json_close(json);
    }
    json_close(json);
}

static void write_nodes(const struct flame_tree *tree, struct json *json)
{
    struct numbers ups, functions, lines, ends, sites;
    int64_t depth = 0, distance = 0;

    numbers_open(&ups);
    numbers_open(&functions);
    numbers_open(&lines);
    numbers_open(&ends);
    numbers_open(&sites);
    for (const struct flame_node *node = tree->root; node != NULL; node = flame_tree_next(node)) {
        if (node != tree->root) {
            numbers_add(&ups, depth + 1 - node->depth);
            numbers_add(&functions, (int64_t)node->function);
            numbers_add(&lines, node->line);
        }
        depth = node->depth;
        for (const struct flame_end *end = node->ends; end != NULL; end = end->next) {
            numbers_add(&ends, distance);
            numbers_add(&sites, end->line);
            distance = 0;
        }
        distance++;
    }
    numbers_close(&ups, json, "ups");
    numbers_close(&functions, json, "functions");
    numbers_close(&lines, json, "lines");
    numbers_close(&ends, json, "ends");
    numbers_close(&sites, json, "sites");
}

static void write_values(const struct flame_tree *tree, struct json *json, bool befores)
{
    json_open_array(json, befores ? "befores" : "values");
    for (size_t i = 0; i < tree->n_columns; i++) {
        struct numbers numbers;

        numbers_open(&numbers);
        for (const struct flame_node *node = tree->root; node != NULL; node = flame_tree_next(node))
            for (const struct flame_end *end = node->ends; end != NULL; end = end->next)
                numbers_add(&numbers, befores ? end->befores[i] : end->values[i]);
        numbers_close(&numbers, json, NULL);
    }
    json_close(json);
}

static void write_graph(const struct flame_tree *tree, struct json *json)
{
    json_open_object(json, NULL);
    json_string(json, "kind", tree->kind);
    write_columns(tree, json);
    json_int(json, "chosen", (int64_t)tree->chosen);
    json_bool(json, "before", tree->has_before);
    write_nodes(tree, json);
    write_values(tree, json, false);
    if (tree->has_before)
        write_values(tree, json, true);
    json_close(json);
}

static void write_process(const struct flame_process *process, struct json *json)
{
    char *name = flame_page_name(process);

    json_open_object(json, NULL);
    json_string(json, "name", name);
    json_string(json, "program", process->program);
    json_int(json, "time_ns", process->time_ns);
    if (process->before != NULL)
        json_int(json, "before_ns", process->before_ns);
    json_open_array(json, "graphs");
    for (size_t i = 0; i < process->n_trees; i++)
        write_graph(&process->trees[i], json);
    json_close(json);
    json_close(json);
    free(name);
}

void flame_data_write(const struct flame_page *page, FILE *out)
{
    struct json json = {.out = out};

    json_open_object(&json, NULL);
    json_int(&json, "schema", FLAME_SCHEMA);
    write_functions(&page->functions, &json);
    json_open_array(&json, "processes");
    for (size_t i = 0; i < page->n_processes; i++)
        write_process(&page->processes[i], &json);
    json_close(&json);
    json_close(&json);
}
