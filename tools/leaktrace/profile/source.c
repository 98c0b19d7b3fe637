/* From SOURCE to sets of dump files. Owns nothing between calls; called by the commands that read dumps. */
#include "profile/source.h"

#include "base/text.h"
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIGITS "0123456789"

/* Takes the part behind the last '.' of the first `*len` bytes off; false when it is empty or does not fit. */
static bool take_last_part(const char *name, size_t *len, char *ret_part, size_t size)
{
    const char *dot = memrchr(name, '.', *len);
    size_t part;

    if (dot == NULL)
        return false;
    part = *len - (size_t)(dot + 1 - name);
    if (part == 0 || part >= size)
        return false;
    memcpy(ret_part, dot + 1, part);
    ret_part[part] = '\0';
    *len = (size_t)(dot - name);
    return true;
}

bool source_parse_name(const char *name, struct source_name *ret_name)
{
    struct source_name parts;
    size_t len = strlen(name), suffix = strlen(SOURCE_SUFFIX);
    char pid[16];

    /* What begins with a '.' is still being written, or was never finished. */
    if (*name == '.' || len <= suffix || strcmp(name + len - suffix, SOURCE_SUFFIX) != 0)
        return false;
    len -= suffix;
    if (!take_last_part(name, &len, parts.kind, sizeof(parts.kind)) ||
        !take_last_part(name, &len, parts.seq, sizeof(parts.seq)) || !take_last_part(name, &len, pid, sizeof(pid)) ||
        len == 0 || len >= sizeof(parts.exe))
        return false;
    if (strcmp(parts.seq, SOURCE_LAST) != 0 && (strlen(parts.seq) < 4 || parts.seq[strspn(parts.seq, DIGITS)] != '\0'))
        return false;
    if (!parse_pid(pid, &parts.pid))
        return false;
    memcpy(parts.exe, name, len);
    parts.exe[len] = '\0';
    *ret_name = parts;
    return true;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static struct source_set *add_set(struct source *source, const struct source_name *name)
{
    struct source_set *set;

    source->sets = must_grow(source->sets, source->n_sets + 1, sizeof(*source->sets));
    set = &source->sets[source->n_sets++];
    *set =
        (struct source_set){.exe = must_format("%s", name->exe), .pid = name->pid, .seq = must_format("%s", name->seq)};
    return set;
}

static void release_set(struct source_set *set)
{
    for (size_t i = 0; i < set->n_files; i++) {
        free(set->files[i].path);
        free(set->files[i].kind);
    }
    free(set->files);
    free(set->exe);
    free(set->seq);
}

const struct source_file *source_find_kind(const struct source_set *set, const char *kind)
{
    for (size_t i = 0; i < set->n_files; i++)
        if (strcmp(set->files[i].kind, kind) == 0)
            return &set->files[i];
    return NULL;
}

static bool has_kind(const struct source_set *set, const char *kind)
{
    return source_find_kind(set, kind) != NULL;
}

/* Puts a file into the set, in the order of kinds; a kind that is there already stays as it is. */
static void add_file(struct source_set *set, const char *folder, const char *name, const char *kind,
                     struct timespec written)
{
    size_t at = set->n_files;

    if (has_kind(set, kind))
        return;
    set->files = must_grow(set->files, set->n_files + 1, sizeof(*set->files));
    for (; at > 0 && strcmp(set->files[at - 1].kind, kind) > 0; at--)
        set->files[at] = set->files[at - 1];
    set->files[at] = (struct source_file){must_format("%s%s", folder, name), must_format("%s", kind)};
    set->n_files++;
    if (is_before(set->written, written))
        set->written = written;
}

static bool is_set(const struct source_set *set, const struct source_name *name)
{
    return set->pid == name->pid && strcmp(set->seq, name->seq) == 0 && strcmp(set->exe, name->exe) == 0;
}

/* The set of that name with files in that folder ("" or with a '/' at its end), made if need be. */
static struct source_set *find_set(struct source *source, const char *folder, const struct source_name *name)
{
    size_t len = strlen(folder);

    for (size_t i = 0; i < source->n_sets; i++) {
        const char *path = source->sets[i].files[0].path;

        if (is_set(&source->sets[i], name) && strncmp(path, folder, len) == 0 && strchr(path + len, '/') == NULL)
            return &source->sets[i];
    }
    return add_set(source, name);
}

/* Puts what the set has grown by, for one of its kinds, into it when that file is there. */
static void add_growth(struct source_set *set, const char *folder, const struct source_name *name)
{
    char *kind = must_format("%s%s", name->kind, SOURCE_GROWTH);
    char *file = must_format("%s.%d.%s.%s%s", name->exe, name->pid, name->seq, kind, SOURCE_SUFFIX);
    char *path = must_format("%s%s", folder, file);
    struct stat st;

    if (stat(path, &st) == 0)
        add_file(set, folder, file, kind, st.st_mtim);
    free(path);
    free(file);
    free(kind);
}

int source_add_file(struct source *source, const char *path, struct text *ret_why)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    struct source_name name = {.exe = ""};
    struct source_set *set;
    struct stat st;
    char *folder;

    if (stat(path, &st) != 0) {
        text_add(ret_why, strerror(errno));
        return -errno;
    }
    if (!source_parse_name(file, &name)) {
        add_file(add_set(source, &name), "", path, "", st.st_mtim);
        return 0;
    }
    folder = must_format("%.*s", (int)(file - path), path);
    set = find_set(source, folder, &name);
    add_file(set, folder, file, name.kind, st.st_mtim);
    add_growth(set, folder, &name);
    free(folder);
    return 0;
}

static int compare_processes(const struct source_set *a, const struct source_set *b)
{
    int by_exe = strcmp(a->exe, b->exe);

    return by_exe != 0 ? by_exe : (a->pid > b->pid) - (a->pid < b->pid);
}

/* By process, and then from old to new: by number, and the checkpoint by the time of its files. */
static int compare_sets(const void *a, const void *b)
{
    const struct source_set *left = a, *right = b;
    int by_process = compare_processes(left, right);
    size_t left_len = strlen(left->seq), right_len = strlen(right->seq);

    if (by_process != 0)
        return by_process;
    if (strcmp(left->seq, SOURCE_LAST) == 0 || strcmp(right->seq, SOURCE_LAST) == 0)
        return is_before(right->written, left->written) - is_before(left->written, right->written);
    if (left_len != right_len)
        return left_len < right_len ? -1 : 1;
    return strcmp(left->seq, right->seq);
}

static bool has_kinds_of(const struct source_set *set, const struct source_set *other)
{
    for (size_t i = 0; i < other->n_files; i++)
        if (!has_kind(set, other->files[i].kind))
            return false;
    return true;
}

static bool fits(const struct source_filter *filter, const struct source_name *name, const struct stat *st)
{
    return S_ISREG(st->st_mode) && (filter->pid == 0 || filter->pid == name->pid) &&
           (filter->exe == NULL || strcmp(filter->exe, name->exe) == 0) &&
           (filter->seq == NULL || strcmp(filter->seq, name->seq) == 0) && !is_before(st->st_mtim, filter->since);
}

/* Which of the `n` sets of one process, old to new, is the newest complete one. */
static size_t newest_complete(const struct source_set *sets, size_t n)
{
    return n > 1 && !has_kinds_of(&sets[n - 1], &sets[n - 2]) ? n - 2 : n - 1;
}

/* Moves the newest complete set of each process, or every set, from `from` to `to`. */
static void move_newest(struct source *from, bool every, struct source *to)
{
    size_t end;

    if (from->n_sets == 0)
        return;
    qsort(from->sets, from->n_sets, sizeof(*from->sets), compare_sets);
    to->sets = must_grow(to->sets, to->n_sets + from->n_sets, sizeof(*to->sets));
    for (size_t start = 0; start < from->n_sets; start = end) {
        size_t newest;

        for (end = start + 1; end < from->n_sets; end++)
            if (compare_processes(&from->sets[start], &from->sets[end]) != 0)
                break;
        newest = start + newest_complete(&from->sets[start], end - start);
        for (size_t i = start; i < end; i++) {
            if (every || i == newest)
                to->sets[to->n_sets++] = from->sets[i];
            else
                release_set(&from->sets[i]);
        }
    }
    free(from->sets);
    *from = (struct source){0};
}

int source_add_folder(struct source *source, const char *folder, const struct source_filter *filter,
                      struct text *ret_why)
{
    struct source all = {0};
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char *prefix;

    if (dir == NULL) {
        text_add(ret_why, strerror(errno));
        return -errno;
    }
    prefix = must_format("%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/");
    while ((entry = readdir(dir)) != NULL) {
        struct source_name name;
        struct stat st;

        if (!source_parse_name(entry->d_name, &name) || fstatat(dirfd(dir), entry->d_name, &st, 0) != 0)
            continue;
        if (fits(filter, &name, &st))
            add_file(find_set(&all, prefix, &name), prefix, entry->d_name, name.kind, st.st_mtim);
    }
    closedir(dir);
    free(prefix);
    move_newest(&all, filter->seq != NULL || filter->every, source);
    return 0;
}

const struct source_set *source_newest(const struct source *source)
{
    const struct source_set *newest = source->sets;

    for (size_t i = 1; i < source->n_sets; i++)
        if (is_before(newest->written, source->sets[i].written))
            newest = &source->sets[i];
    return newest;
}

void source_release(struct source *source)
{
    for (size_t i = 0; i < source->n_sets; i++)
        release_set(&source->sets[i]);
    free(source->sets);
    *source = (struct source){0};
}
