/* The limit of the process's memory, and leaktrace's share of it. Owns nothing. */
#include "life/life.h"

#include "base/sys.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

static bool read_file(const char *path, char *buf, size_t size)
{
    int fd = sys_open(path, O_RDONLY, 0);
    ssize_t len;

    if (fd < 0)
        return false;
    len = sys_read(fd, buf, size - 1);
    sys_close(fd);
    buf[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The number in a cgroup's file; UINT64_MAX for "max", and where there is no such file. */
static uint64_t read_limit(const char *root, const char *group, const char *file)
{
    char path_buf[1024], buf[64];
    struct text path = TEXT_ON(path_buf);
    uint64_t value = 0;

    text_format(&path, "%s%s/%s", root, group, file);
    if (path.cut || !read_file(path_buf, buf, sizeof(buf)) || buf[0] < '0' || buf[0] > '9')
        return UINT64_MAX;
    for (const char *at = buf; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return value == 0 ? UINT64_MAX : value;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The limit of this process's cgroup, of version 2 or 1; lines of /proc/self/cgroup are "number:controllers:path". */
static uint64_t cgroup_limit(void)
{
    uint64_t limit = least(read_limit("/sys/fs/cgroup", "", "memory.max"),
                           read_limit("/sys/fs/cgroup/memory", "", "memory.limit_in_bytes"));
    char buf[4096];
    char *line = buf;

    if (!read_file("/proc/self/cgroup", buf, sizeof(buf)))
        return limit;
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        char *next = line + len + (line[len] == '\n');
        char *path;

        line[len] = '\0';
        path = strchr(line, '/');
        if (strncmp(line, "0::", 3) == 0 && path != NULL)
            limit = least(limit, read_limit("/sys/fs/cgroup", path, "memory.max"));
        if (strstr(line, ":memory:") != NULL && path != NULL)
            limit = least(limit, read_limit("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
        line = next;
    }
    return limit;
}

uint64_t limit_memory(const struct options *options)
{
    struct sysinfo info = {0};
    uint64_t address_space[2] = {UINT64_MAX};
    uint64_t limit = cgroup_limit();

    if (options->memory_bytes != 0)
        return options->memory_bytes;
    if (SYS_CALL(SYS_sysinfo, &info, 0, 0, 0) == 0)
        limit = least(limit, (uint64_t)info.totalram * info.mem_unit);
    SYS_CALL(SYS_prlimit64, 0, RLIMIT_AS, 0, address_space);
    limit = least(limit, address_space[0]);
    return limit / 100 * options->memory_percent;
}
