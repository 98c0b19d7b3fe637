/* The files of a dump. Owns the count of files; called by dump/dump under its lock. */
#include "dump/dump_files.h"

#include "base/arena.h"
#include "base/sink.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/write_signals.h"
#include "dump/comments.h"
#include "dump/dump.h"
#include "encode/gzip.h"
#include "encode/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static unsigned progress;

struct output {
    enum option_format format;
    const char *suffix;
};

static const struct output outputs[] = {
    {OPTION_FORMAT_PPROF, "pb.gz"},
    {OPTION_FORMAT_TEXT, "txt"},
};

#define OUTPUTS (sizeof(outputs) / sizeof(outputs[0]))

/* The name of a file; a temporary one begins with a dot, so that no pattern for dumps finds it. */
static void add_name(struct text *path, bool temporary, uint32_t seq, enum profile_id id, const struct output *output)
{
    text_format(path, "%s/%s%s.%d.", dump_folder(), temporary ? "." : "", dump_exe(), sys_getpid());
    if (seq == DUMP_FILES_CHECKPOINT)
        text_add(path, "last");
    else
        text_add_uint_padded(path, seq, 4);
    text_format(path, ".%s.%s", profile_types[id].name, output->suffix);
}

bool dump_files_exist(uint32_t seq)
{
    for (enum profile_id id = 0; id < PROFILE_MAX; id++) {
        for (size_t i = 0; i < OUTPUTS; i++) {
            char buf[DUMP_FILES_PATH_MAX];
            struct text path = TEXT_ON(buf);
            struct stat st;

            add_name(&path, false, seq, id, &outputs[i]);
            if (sys_lstat(buf, &st) == 0)
                return true;
        }
    }
    return false;
}

static bool cut(const char *name, size_t *len, const char *ending)
{
    size_t ending_len = strlen(ending);

    if (*len < ending_len || memcmp(name + *len - ending_len, ending, ending_len) != 0)
        return false;
    *len -= ending_len;
    return true;
}

static bool cut_kind(const char *name, size_t *len)
{
    for (enum profile_id id = 0; id < PROFILE_MAX; id++) {
        for (size_t i = 0; i < OUTPUTS; i++) {
            char buf[64];
            struct text ending = TEXT_ON(buf);

            text_format(&ending, ".%s.%s", profile_types[id].name, outputs[i].suffix);
            if (cut(name, len, buf))
                return true;
        }
    }
    return false;
}

static bool cut_number(const char *name, size_t *len)
{
    size_t digits = 0;

    if (cut(name, len, ".last"))
        return true;
    while (digits < *len && name[*len - digits - 1] >= '0' && name[*len - digits - 1] <= '9')
        digits++;
    if (digits != 4 || *len == digits || name[*len - digits - 1] != '.')
        return false;
    *len -= digits + 1;
    return true;
}

bool dump_files_cut_ending(const char *name, size_t *len)
{
    size_t cut_len = *len;

    if (!cut_kind(name, &cut_len) || !cut_number(name, &cut_len))
        return false;
    *len = cut_len;
    return true;
}

void dump_files_remove(uint32_t seq)
{
    for (enum profile_id id = 0; id < PROFILE_MAX; id++) {
        for (size_t i = 0; i < 2 * OUTPUTS; i++) {
            char buf[DUMP_FILES_PATH_MAX];
            struct text path = TEXT_ON(buf);

            add_name(&path, i < OUTPUTS, seq, id, &outputs[i % OUTPUTS]);
            sys_unlink(buf);
        }
    }
}

static int encode(enum option_format format, const struct encode_profile *profile, struct sink *sink, struct arena *arena)
{
    struct gzip *gzip;
    int result, end;

    if (format == OPTION_FORMAT_TEXT)
        return encode_text(profile, sink);
    gzip = arena_alloc(arena, sizeof(*gzip));
    result = gzip == NULL ? -ENOMEM : gzip_begin(gzip, sink, arena);
    if (result != 0)
        return result;
    result = encode_pprof(profile, &gzip->sink, arena);
    end = gzip_end(gzip);
    return result != 0 ? result : end;
}

static int write_nowhere(struct sink *sink, const void *bytes, size_t len)
{
    (void)sink, (void)bytes, (void)len;
    return 0;
}

/* Writes one file under its temporary name. */
static int write_file(struct dump_files *files, enum option_format format, const struct encode_profile *profile,
                      struct arena *arena)
{
    struct sink_file *file = arena_alloc(arena, sizeof(*file));
    int fd = file == NULL ? -ENOMEM : sys_open(files->failed, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    int result, flush, closed;
    struct stat st;

    if (fd < 0)
        return fd;
    sink_file_init(file, fd);
    result = encode(format, profile, &file->sink, arena);
    flush = sink_file_flush(file);
    if (sys_fstat(fd, &st) == 0)
        files->bytes += (uint64_t)st.st_size;
    closed = sys_close(fd); /* a file system that is elsewhere may say only now that it has no room */
    return result != 0 ? result : flush != 0 ? flush : closed;
}

/* Heap blocks may be sampled; of all else everything is recorded. */
static uint64_t period_of(const struct profile_type *type, const struct options *options)
{
    return type->kind == KIND_HEAP && options->sample_bytes > 1 ? options->sample_bytes : 1;
}

static int write_profile(struct dump_files *files, enum profile_id id, const struct output *output)
{
    const struct profile_type *type = &profile_types[id];
    struct encode_profile profile = {
        .type = type,
        .rows = snapshot_rows_of(files->snapshot, type),
        .time_ns = files->snapshot->time_ns,
        .duration_ns = type->growth ? files->since_mark_ns : files->since_start_ns,
        .period = period_of(type, files->options),
        .comments = files->comments->lines,
        .n_comments = files->comments->count,
        .has_functions = files->options->symbols && files->comments->has_all_names,
    };
    struct text path = TEXT_ON(files->failed);
    struct sink nowhere = {.write = write_nowhere};
    struct arena arena = {.is_scratch = true};
    int result;

    add_name(&path, true, files->seq, id, output);
    if (path.cut)
        return -ENAMETOOLONG;
    if (files->is_rehearsal)
        result = encode(output->format, &profile, &nowhere, &arena);
    else
        result = write_file(files, output->format, &profile, &arena);
    arena_release(&arena);
    __atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
    return result;
}

unsigned dump_files_progress(void)
{
    return __atomic_load_n(&progress, __ATOMIC_RELAXED);
}

static int rename_file(struct dump_files *files, enum profile_id id, const struct output *output)
{
    char to_buf[sizeof(files->failed)];
    struct text from = TEXT_ON(files->failed), to = TEXT_ON(to_buf);

    add_name(&from, true, files->seq, id, output);
    add_name(&to, false, files->seq, id, output);
    return sys_rename(files->failed, to_buf);
}

static int remove_temporary(struct dump_files *files, enum profile_id id, const struct output *output)
{
    char buf[sizeof(files->failed)];
    struct text path = TEXT_ON(buf);

    add_name(&path, true, files->seq, id, output);
    sys_unlink(buf);
    return 0;
}

static int touch_file(struct dump_files *files, enum profile_id id, const struct output *output)
{
    struct text path = TEXT_ON(files->failed);

    add_name(&path, false, files->seq, id, output);
    return sys_touch(files->failed);
}

static bool is_wanted(const struct dump_files *files, enum profile_id id)
{
    const struct profile_type *type = &profile_types[id];

    return (files->options->profiles >> type->kind & 1) != 0 &&
           (!type->leak || (files->snapshot != NULL && files->snapshot->leaks.is_known));
}

/* Calls `work` for each file until one fails. */
static int for_each_file(struct dump_files *files,
                         int (*work)(struct dump_files *files, enum profile_id id, const struct output *output))
{
    int result = 0;

    for (size_t i = 0; i < OUTPUTS; i++)
        for (enum profile_id id = 0; id < PROFILE_MAX && result == 0; id++)
            if ((files->options->formats & outputs[i].format) && is_wanted(files, id))
                result = work(files, id, &outputs[i]);
    return result;
}

/* Of a dump that is not whole nothing stays; of a checkpoint the files of the one before. */
static void remove_remains(struct dump_files *files)
{
    if (files->seq == DUMP_FILES_CHECKPOINT)
        for_each_file(files, remove_temporary);
    else
        dump_files_remove(files->seq);
}

int dump_files_write(struct dump_files *files)
{
    struct write_signals held;
    int result;

    files->bytes = 0;
    write_signals_hold(&held);
    result = for_each_file(files, write_profile);
    write_signals_release(&held, result);
    if (result == 0 && !files->is_rehearsal)
        result = for_each_file(files, rename_file);
    if (result != 0 && !files->is_rehearsal)
        remove_remains(files);
    return result;
}

int dump_files_touch(const struct options *options, uint32_t seq)
{
    struct dump_files files = {.options = options, .seq = seq};

    return for_each_file(&files, touch_file);
}
