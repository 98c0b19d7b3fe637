/*
 * The writer of dumps. Owns the settings, the number of the last dump, what is known of the checkpoint, and the lock that makes dumps one at a time; called by
 * dump/control and, at the end of the process, by life/exit.
 */
#include "dump/dump.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/scratch.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/comments.h"
#include "dump/digest.h"
#include "dump/dump_files.h"
#include "dump/folder.h"
#include "dump/remains.h"
#include "dump/retain.h"
#include "reach/maps.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "store/site_table.h"

#include <errno.h>
#include <string.h>

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
    int last_failure;      /* what the last attempt came to; 0: it was a dump */
    uint32_t torn;         /* number of a dump of which a part was renamed and could not be removed; 0: none */
    bool has_tidied_up;    /* after processes that were killed */
    bool has_checkpoint;   /* of this process, on disk */
    uint64_t checkpoint_digest; /* of the one on disk; 0: none, or not whole */
    uint64_t checkpoint_bytes;
    int64_t cpu_ns;        /* spent on snapshots and dumps that are over */
    bool is_busy;          /* one is being made */
    int64_t began_cpu_ns;  /* the thread's when it began */
} dump = {.lock = LOCK_INIT(LOCK_RANK_DUMP)};

/* A snapshot that is to be taken, and what for. */
struct work {
    const char *reason;
    bool is_regular; /* it is made again before long, and nobody waits for it */
    bool finds_leaks;
    bool prepares;   /* there is memory now to make the next ones ready */
    struct dump_files files;
};

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
    dump.checkpoint_digest = 0;
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

/* The next number; files of an earlier process of the same pid are left alone. */
static uint32_t next_number(void)
{
    uint32_t seq = dump.summary.seq + 1;

    while (seq < SEQ_MAX && dump_files_exist(seq))
        seq++;
    return seq;
}

/* Of blocks that were not recorded nobody knows what they point to. */
static bool wants_leaks(const struct work *work)
{
    return work->finds_leaks && dump.options->sample_bytes <= 1 && (dump.options->profiles >> KIND_HEAP & 1) != 0;
}

static int take(const struct work *work, struct snapshot *snapshot)
{
    int result = snapshot_take(dump.options->profiles, wants_leaks(work), snapshot);

    if (result == 0 && wants_leaks(work) && !snapshot->leaks.is_known)
        log_line("what can still be reached is not known: %s", strerrordesc_np(-snapshot->leaks.failure));

    if (result == 0) {
        memcpy(dump.summary.totals, snapshot->totals, sizeof(snapshot->totals));
        dump.summary.pause_ns = snapshot->pause_ns;
    }
    return result;
}

/* Functions that labels name need not stand in a stack. */
static int add_labels(const struct snapshot_row *row)
{
    uintptr_t pcs[SITE_DEPTH_MAX];
    struct stack stack;
    int result = 0;

    for (; row != NULL && result == 0; row = row->next) {
        site_stack(row->site, pcs, &stack);
        for (unsigned i = 0; i < row->n_labels && result == 0; i++)
            if (row->labels[i].value == NULL)
                result = locations_add(row->labels[i].code, stack.epoch);
    }
    return result;
}

/* Names the locations of the snapshot; false when there was no memory for some. Modules and sites are read behind it, so that
   everything in it has its place. */
static bool find_names(const struct snapshot *snapshot)
{
    return modules_refresh() == 0 && add_labels(snapshot->rows[KIND_THREAD].first) == 0 &&
           locations_update(dump.options->symbols) == 0;
}

static void log_dump(uint32_t seq, const char *reason)
{
    char buf[16] = "";
    struct text number = TEXT_ON(buf);

    text_add_uint_padded(&number, seq, 4);
    log_line("dump %s/%s.%d.%s (%s)", dump.dir, dump.exe, sys_getpid(), buf, reason);
}

/* What fails again and again in the same way is told once, unless somebody waits for it. */
static void log_failure(const struct work *work, int result)
{
    bool is_news = result != dump.last_failure;

    dump.last_failure = result;
    if (!is_news && work->is_regular)
        return;
    if (work->files.failed[0] == '\0')
        log_line("cannot dump: %s", strerrordesc_np(-result));
    else
        log_line("cannot write %s: %s; what was dumped before is untouched", work->files.failed, strerrordesc_np(-result));
}

static int write_files(struct work *work, struct snapshot *snapshot)
{
    struct comments comments = {.arena = &snapshot->arena, .has_all_names = find_names(snapshot)};
    struct dump_files *files = &work->files;
    int result = comments_write(&comments, dump.options, snapshot, work->reason, dump_own_cpu_ns());

    if (result != 0)
        return result;
    files->options = dump.options;
    files->snapshot = snapshot;
    files->comments = &comments;
    files->since_start_ns = snapshot->monotonic_ns - dump.start_monotonic_ns;
    files->since_mark_ns = snapshot->monotonic_ns - dump.mark_monotonic_ns;
    return dump_files_write(files);
}

/* Takes a snapshot and does with it what `finish` says. One at a time; what it costs is counted. */
static int with_snapshot(struct work *work, int (*finish)(struct work *work, struct snapshot *snapshot))
{
    struct snapshot snapshot;
    int result;

    if (!lock_acquire(&dump.lock))
        return -EBUSY;
    memory_use_reserve(true);
    dump.began_cpu_ns = sys_thread_cpu_ns();
    dump.is_busy = true;
    work->files.failed[0] = '\0';
    result = take(work, &snapshot);
    if (result == 0)
        result = finish(work, &snapshot);
    if (result < 0)
        log_failure(work, result);
    else if (!work->files.is_rehearsal)
        dump.last_failure = 0;
    snapshot_release(&snapshot);
    dump.cpu_ns = dump_own_cpu_ns();
    dump.is_busy = false;
    if (work->prepares) {
        scratch_keep_ready(memory_reserve());
        locations_keep_ready();
    }
    memory_use_reserve(false);
    lock_release(&dump.lock);
    return result;
}

/* A file system that becomes read-only between two renames keeps what it has. */
static void remove_torn(void)
{
    if (dump.torn != 0)
        dump_files_remove(dump.torn);
    if (dump.torn != 0 && !dump_files_exist(dump.torn))
        dump.torn = 0;
}

static int finish_dump(struct work *work, struct snapshot *snapshot)
{
    int result;

    remove_torn();
    work->files.seq = next_number();
    result = write_files(work, snapshot);
    if (result != 0 && dump_files_exist(work->files.seq))
        dump.torn = work->files.seq;
    if (result != 0)
        return result;
    dump.summary.seq = work->files.seq;
    log_dump(work->files.seq, work->reason);
    retain_add(dump.options, work->files.seq, work->files.bytes, dump.checkpoint_bytes);
    return (int)work->files.seq;
}

/* Once, and not where somebody waits. */
static void tidy_up(void)
{
    if (!dump.has_tidied_up)
        remains_remove(dump.dir);
    dump.has_tidied_up = true;
}

unsigned dump_progress(void)
{
    return dump_files_progress() + maps_progress();
}

int dump_write(const char *reason, bool is_regular)
{
    struct work work = {.reason = reason, .is_regular = is_regular, .finds_leaks = dump.options->leaks == OPTION_LEAKS_DUMP};

    if (!folder_prepare(dump.dir))
        return -EACCES;
    if (is_regular)
        tidy_up();
    return with_snapshot(&work, finish_dump);
}

int dump_write_last(const char *reason, bool is_exec)
{
    struct work work = {.reason = reason, .finds_leaks = dump.options->leaks != OPTION_LEAKS_NO && !is_exec};

    return folder_prepare(dump.dir) ? with_snapshot(&work, finish_dump) : -EACCES;
}

/* Where nothing has changed, the files only say so by their time. */
static int finish_checkpoint(struct work *work, struct snapshot *snapshot)
{
    uint64_t digest = digest_of(snapshot);
    int result;

    if (digest == dump.checkpoint_digest && dump_files_touch(dump.options, DUMP_FILES_CHECKPOINT) == 0)
        return 0;
    dump.checkpoint_digest = 0;
    dump.has_checkpoint = true;
    result = write_files(work, snapshot);
    if (result != 0)
        return result;
    dump.checkpoint_digest = digest;
    dump.checkpoint_bytes = work->files.bytes;
    return 0;
}

int dump_checkpoint(void)
{
    struct work work = {.reason = "checkpoint", .is_regular = true, .prepares = true};

    if (!folder_prepare(dump.dir))
        return -EACCES;
    tidy_up();
    return with_snapshot(&work, finish_checkpoint);
}

void dump_remove_checkpoint(void)
{
    if (dump.has_checkpoint)
        dump_files_remove(DUMP_FILES_CHECKPOINT);
    dump.has_checkpoint = false;
    dump.checkpoint_digest = 0;
    dump.checkpoint_bytes = 0;
}

int dump_rehearse(void)
{
    struct work work = {.reason = "rehearsal", .is_regular = true, .prepares = true, .files.is_rehearsal = true};

    return with_snapshot(&work, write_files);
}

static int finish_summary(struct work *work, struct snapshot *snapshot)
{
    (void)work, (void)snapshot;
    return 0;
}

int dump_refresh_summary(void)
{
    struct work work = {.is_regular = true, .files.is_rehearsal = true};

    return with_snapshot(&work, finish_summary);
}

int64_t dump_own_cpu_ns(void)
{
    return dump.cpu_ns + (dump.is_busy ? sys_thread_cpu_ns() - dump.began_cpu_ns : 0);
}

void dump_after_fork(void)
{
    lock_reset(&dump.lock);
    locations_after_fork();
    scratch_after_fork();
    retain_after_fork();
    dump.summary = (struct dump_summary){0};
    dump.has_checkpoint = false;
    dump.checkpoint_digest = 0;
    dump.checkpoint_bytes = 0;
    dump.last_failure = 0;
    dump.torn = 0;
    dump.is_busy = false;
    dump.cpu_ns = 0;
}
