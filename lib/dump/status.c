/* The writer of the status file. Owns nothing but the mapping that tells its name; called by dump/control. */
#include "dump/status.h"

#include "base/control.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/sys.h"
#include "base/text.h"
#include "dump/comments.h"
#include "dump/dump.h"
#include "dump/folder.h"
#include "store/counters.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define PATH_SIZE 2048

static void add_path(struct text *path, const char *prefix)
{
    text_format(path, "%s/%s%s.%d" CONTROL_STATUS_SUFFIX, dump_folder(), prefix, dump_exe(), sys_getpid());
}

static void add_lines(struct text *text, const struct status *status)
{
    const struct dump_summary *summary = dump_last_summary();
    const struct snapshot_totals *totals = summary->totals;

    text_format(text, "version %s\npid %d\nexe %s\nstart_ns %ld\ndir %s\n", LEAKTRACE_VERSION, sys_getpid(), dump_exe(),
                (long)dump_start_ns(), dump_folder());
    text_format(text, "signal %s\nseq %u\nended %d\n", status->signal, summary->seq, status->ended);
    text_format(text, "heap_objects %lu\nheap_bytes %lu\nheap_growth_bytes %lu\n", totals[KIND_HEAP].objects,
                totals[KIND_HEAP].bytes, totals[KIND_HEAP].growth_bytes);
    text_format(text, "fds %lu\nfds_growth %lu\nthreads %lu\nthreads_growth %lu\n", totals[KIND_FD].objects,
                totals[KIND_FD].growth_objects, totals[KIND_THREAD].objects, totals[KIND_THREAD].growth_objects);
    text_format(text, "own_bytes %lu\nown_cpu_ns %ld\ndropped %lu\ntruncated %ld\n", memory_used(), dump_own_cpu_ns(),
                counters_dropped(), comments_truncated_stacks());
    text_format(text, "lock_waits %lu\nlock_timeouts %lu\npause_ns %ld\n", lock_waits(), lock_timeouts(), summary->pause_ns);
    for (const struct status_answer *answer = status->answers; answer < status->answers + STATUS_ANSWERS; answer++) {
        if (answer->nonce != 0 && answer->result >= 0)
            text_format(text, "answer %u ok %d\n", answer->nonce, answer->result);
        if (answer->nonce != 0 && answer->result < 0)
            text_format(text, "answer %u error %s\n", answer->nonce, strerrordesc_np(-answer->result));
    }
}

/* A page that can never be touched, mapped from the file: /proc/PID/maps then tells the file's name. It is that of the newest file,
   opened for reading: one that was replaced, or that may be written, would keep its file system from becoming read-only as long as
   the program runs. */
static void tell_name(struct status *status, const char *path)
{
    int fd = sys_open(path, O_RDONLY | O_NOFOLLOW, 0);
    void *before = status->mapping;
    long page;

    if (fd < 0)
        return;
    page = sys_call6(SYS_mmap, 0, 1, PROT_NONE, MAP_PRIVATE, fd, 0);
    sys_close(fd);
    if (page < 0 && page >= -4095)
        return;
    status->mapping = (void *)page;
    if (before != NULL)
        sys_unmap(before, 1);
}

void status_write(struct status *status)
{
    char text_buf[4096], path_buf[PATH_SIZE], beside_buf[PATH_SIZE];
    struct text text = TEXT_ON(text_buf), path = TEXT_ON(path_buf), beside = TEXT_ON(beside_buf);
    int fd, result;

    if (!folder_prepare(dump_folder()))
        return;
    add_path(&path, "");
    add_path(&beside, ".");
    add_lines(&text, status);
    fd = sys_open(beside_buf, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    result = sys_write_all(fd, text_buf, text.len);
    if (result == 0)
        result = sys_rename(beside_buf, path_buf);
    if (result == 0)
        tell_name(status, path_buf);
    else
        sys_unlink(beside_buf);
    sys_close(fd);
}

void status_remove(void)
{
    char buf[PATH_SIZE];
    struct text path = TEXT_ON(buf);

    add_path(&path, "");
    sys_unlink(buf);
}

bool status_is_answered(const struct status *status, uint32_t nonce)
{
    for (unsigned i = 0; i < STATUS_ANSWERS; i++)
        if (status->answers[i].nonce == nonce)
            return true;
    return false;
}

void status_answer(struct status *status, uint32_t nonce, int result)
{
    status->answers[status->next_answer] = (struct status_answer){.nonce = nonce, .result = result};
    status->next_answer = (status->next_answer + 1) % STATUS_ANSWERS;
}
