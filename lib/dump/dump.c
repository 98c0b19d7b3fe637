/*
 * The writer of dumps. Owns the settings, the number of the last dump and the lock that makes dumps one at a time; called by
 * dump/control and, at the end of the process, by life/exit.
 */
#include "dump/dump.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/comments.h"
#include "dump/folder.h"
#include "encode/gzip.h"
#include "encode/profile.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SEQ_MAX 9999

static struct {
    struct lock lock;
    const struct options *options;
    const char *dir;
    const char *exe;
    int64_t start_ns;      /* CLOCK_REALTIME, for readers */
    int64_t start_monotonic_ns;
    int64_t mark_monotonic_ns;
    struct dump_summary summary;
} dump = {.lock = LOCK_INIT(LOCK_RANK_DUMP)};

void dump_init(const struct options *options, const char *dir, const char *exe)
{
    dump.options = options;
    dump.dir = dir;
    dump.exe = exe;
    dump.start_ns = sys_realtime_ns();
    dump.start_monotonic_ns = sys_monotonic_ns();
    dump.mark_monotonic_ns = dump.start_monotonic_ns;
}

void dump_mark_was_set(void)
{
    dump.mark_monotonic_ns = sys_monotonic_ns();
}

const char *dump_folder(void)
{
    return dump.dir;
}

const char *dump_exe(void)
{
    return dump.exe;
}

int64_t dump_start_ns(void)
{
    return dump.start_ns;
}

const struct dump_summary *dump_last_summary(void)
{
    return &dump.summary;
}

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
static void add_name(struct text *path, bool temporary, uint32_t seq, const char *kind, const char *suffix)
{
    text_format(path, "%s/%s%s.%d.", dump.dir, temporary ? "." : "", dump.exe, sys_getpid());
    text_add_uint_padded(path, seq, 4);
    text_format(path, ".%s.%s", kind, suffix);
}

static bool number_is_taken(uint32_t seq)
{
    for (enum profile_id id = 0; id < PROFILE_MAX; id++) {
        for (size_t i = 0; i < OUTPUTS; i++) {
            char buf[OPTIONS_PATH_MAX + 512];
            struct text path = TEXT_ON(buf);
            struct stat st;

            add_name(&path, false, seq, profile_types[id].name, outputs[i].suffix);
            if (sys_lstat(buf, &st) == 0)
                return true;
        }
    }
    return false;
}

/* The next number; files of an earlier process of the same pid are left alone. */
static uint32_t next_number(void)
{
    uint32_t seq = dump.summary.seq + 1;

    while (seq < SEQ_MAX && number_is_taken(seq))
        seq++;
    return seq;
}

static bool is_wanted(enum profile_id id)
{
    return dump.options->profiles >> profile_types[id].kind & 1;
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

/* Writes one file under its temporary name. */
static int write_file(const char *path, enum option_format format, const struct encode_profile *profile)
{
    struct arena arena = {0};
    struct sink_file *file = arena_alloc(&arena, sizeof(*file));
    int fd = file == NULL ? -ENOMEM : sys_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    int result, flush;

    if (fd < 0) {
        arena_release(&arena);
        return fd;
    }
    sink_file_init(file, fd);
    result = encode(format, profile, &file->sink, &arena);
    flush = sink_file_flush(file);
    sys_close(fd);
    arena_release(&arena);
    return result != 0 ? result : flush;
}

struct job {
    const struct snapshot *snapshot;
    const struct comments *comments;
    uint32_t seq;
    char failed[OPTIONS_PATH_MAX + 512]; /* the file that could not be written */
};

/* Heap blocks may be sampled; of all else everything is recorded. */
static uint64_t period_of(const struct profile_type *type)
{
    return type->kind == KIND_HEAP && dump.options->sample_bytes > 1 ? dump.options->sample_bytes : 1;
}

static int write_profile(struct job *job, enum profile_id id, const struct output *output)
{
    const struct profile_type *type = &profile_types[id];
    struct encode_profile profile = {
        .type = type,
        .rows = job->snapshot->rows[type->kind].first,
        .time_ns = job->snapshot->time_ns,
        .duration_ns = job->snapshot->monotonic_ns - (type->growth ? dump.mark_monotonic_ns : dump.start_monotonic_ns),
        .period = period_of(type),
        .comments = job->comments->lines,
        .n_comments = job->comments->count,
        .has_functions = dump.options->symbols,
    };
    struct text path = TEXT_ON(job->failed);

    add_name(&path, true, job->seq, type->name, output->suffix);
    return path.cut ? -ENAMETOOLONG : write_file(job->failed, output->format, &profile);
}

/* Calls `work` for each file of a dump until one fails. */
static int for_each_file(struct job *job, int (*work)(struct job *job, enum profile_id id, const struct output *output))
{
    int result = 0;

    for (size_t i = 0; i < OUTPUTS; i++)
        for (enum profile_id id = 0; id < PROFILE_MAX && result == 0; id++)
            if ((dump.options->formats & outputs[i].format) && is_wanted(id))
                result = work(job, id, &outputs[i]);
    return result;
}

static int rename_file(struct job *job, enum profile_id id, const struct output *output)
{
    char to_buf[sizeof(job->failed)];
    struct text from = TEXT_ON(job->failed), to = TEXT_ON(to_buf);

    add_name(&from, true, job->seq, profile_types[id].name, output->suffix);
    add_name(&to, false, job->seq, profile_types[id].name, output->suffix);
    return sys_rename(job->failed, to_buf);
}

static int remove_temporary(struct job *job, enum profile_id id, const struct output *output)
{
    char buf[sizeof(job->failed)];
    struct text path = TEXT_ON(buf);

    add_name(&path, true, job->seq, profile_types[id].name, output->suffix);
    sys_unlink(buf);
    return 0;
}

static int write_files(struct job *job)
{
    int result = for_each_file(job, write_profile);

    if (result == 0)
        result = for_each_file(job, rename_file);
    if (result != 0) {
        log_line("cannot write %s: %s; what was dumped before is untouched", job->failed, strerrordesc_np(-result));
        for_each_file(job, remove_temporary);
    }
    return result;
}

static int take(struct snapshot *snapshot)
{
    int result = snapshot_take(dump.options->profiles, snapshot);

    if (result == 0)
        memcpy(dump.summary.totals, snapshot->totals, sizeof(snapshot->totals));
    return result;
}

/* Names the locations of the snapshot. Modules and sites are read behind it, so that everything in it has its place. */
static int find_names(void)
{
    int result = modules_refresh();

    return result != 0 ? result : locations_update(dump.options->symbols);
}

static void log_dump(uint32_t seq, const char *reason)
{
    char buf[16] = "";
    struct text number = TEXT_ON(buf);

    text_add_uint_padded(&number, seq, 4);
    log_line("dump %s/%s.%d.%s (%s)", dump.dir, dump.exe, sys_getpid(), buf, reason);
}

static int write_snapshot(struct snapshot *snapshot, const char *reason)
{
    struct comments comments = {.arena = &snapshot->arena};
    struct job job = {.snapshot = snapshot, .comments = &comments, .seq = next_number()};
    int result = find_names();

    if (result == 0)
        result = comments_write(&comments, dump.options, snapshot, reason);
    if (result != 0) {
        log_line("cannot dump: %s", strerrordesc_np(-result));
        return result;
    }
    result = write_files(&job);
    if (result != 0)
        return result;
    dump.summary.seq = job.seq;
    log_dump(job.seq, reason);
    return (int)job.seq;
}

int dump_write(const char *reason)
{
    struct snapshot snapshot;
    int result;

    if (!folder_prepare(dump.dir))
        return -EACCES;
    if (!lock_acquire(&dump.lock))
        return -EBUSY;
    memory_use_reserve(true);
    result = take(&snapshot);
    if (result == 0)
        result = write_snapshot(&snapshot, reason);
    else
        log_line("cannot dump: %s", strerrordesc_np(-result));
    snapshot_release(&snapshot);
    memory_use_reserve(false);
    lock_release(&dump.lock);
    return result;
}

int dump_refresh_summary(void)
{
    struct snapshot snapshot;
    int result;

    if (!lock_acquire(&dump.lock))
        return -EBUSY;
    memory_use_reserve(true);
    result = take(&snapshot);
    snapshot_release(&snapshot);
    memory_use_reserve(false);
    lock_release(&dump.lock);
    return result;
}

void dump_after_fork(void)
{
    lock_reset(&dump.lock);
    locations_after_fork();
    dump.summary = (struct dump_summary){0};
}
