/* The reader of folders. Owns nothing; called from every layer. */
#include "base/entries.h"

#include "base/sys.h"

#include <fcntl.h>
#include <string.h>

/* As the kernel lays it out. */
struct linux_dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

int entries_open(struct entries *entries, const char *path)
{
    entries->fd = sys_open(path, O_RDONLY | O_DIRECTORY, 0);
    entries->result = 0;
    entries->len = entries->at = 0;
    return entries->fd < 0 ? entries->fd : 0;
}

static bool fill(struct entries *entries)
{
    entries->len = sys_getdents(entries->fd, entries->buf, sizeof(entries->buf));
    entries->at = 0;
    if (entries->len < 0)
        entries->result = (int)entries->len;
    return entries->len > 0;
}

const char *entries_next(struct entries *entries)
{
    const struct linux_dirent64 *entry;

    do {
        if (entries->at >= entries->len && !fill(entries))
            return NULL;
        entry = (const struct linux_dirent64 *)(const void *)(entries->buf + entries->at);
        entries->at += entry->size;
    } while (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0);
    return entry->name;
}

void entries_close(struct entries *entries)
{
    sys_close(entries->fd);
}
