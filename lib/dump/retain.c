/* What stays on disk. Owns the list of the dumps that this process has there; called by dump/dump. */
#include "dump/retain.h"

#include "base/options.h"
#include "dump/dump_files.h"

static struct {
    struct {
        uint32_t seq;
        uint64_t bytes;
    } dumps[RETAIN_MAX]; /* a ring */
    unsigned first;
    unsigned count;
    uint64_t bytes;
} kept;

static void remove_oldest(void)
{
    dump_files_remove(kept.dumps[kept.first].seq);
    kept.bytes -= kept.dumps[kept.first].bytes;
    kept.first = (kept.first + 1) % RETAIN_MAX;
    kept.count--;
}

void retain_add(const struct options *options, uint32_t seq, uint64_t bytes, uint64_t beside)
{
    unsigned at;

    if (kept.count == RETAIN_MAX)
        remove_oldest();
    at = (kept.first + kept.count) % RETAIN_MAX;
    kept.dumps[at].seq = seq;
    kept.dumps[at].bytes = bytes;
    kept.count++;
    kept.bytes += bytes;
    while (kept.count > 1 && (kept.count > options->keep || kept.bytes + beside > options->max_disk))
        remove_oldest();
}

void retain_after_fork(void)
{
    kept.first = kept.count = 0;
    kept.bytes = 0;
}
