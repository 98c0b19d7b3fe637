/* The limits of the process. Owns the root of the cgroup files; called by life/limit, dump/threshold and dump/comments. */
#include "base/limits.h"

#include "base/sys.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#define PATH_SIZE 1024

/* A controller, and its file of a limit in either version. */
struct controller {
    const char *in_v1; /* as it stands in /proc/self/cgroup */
    const char *folder_v1;
    const char *file_v1;
    const char *file_v2;
};

static const struct controller memory = {":memory:", "memory", "memory.limit_in_bytes", "memory.max"};
static const struct controller pids = {":pids:", "pids", "pids.max", "pids.max"};

static const char *limits_root = "";

void limits_set_root(const char *root)
{
    limits_root = root;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

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

/* The number in a group's file; UINT64_MAX for "max", and where there is no such file. */
static uint64_t read_limit(const char *mount, const char *group, const char *file)
{
    char path_buf[PATH_SIZE], buf[64];
    struct text path = TEXT_ON(path_buf);
    uint64_t value = 0;

    text_format(&path, "%s/sys/fs/cgroup/%s%s/%s", limits_root, mount, group, file);
    if (path.cut || !read_file(path_buf, buf, sizeof(buf)) || buf[0] < '0' || buf[0] > '9')
        return UINT64_MAX;
    for (const char *at = buf; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return value == 0 ? UINT64_MAX : value;
}

/* The least limit of a group and of those around it. A container may see itself as the root, so that is looked at too. */
static uint64_t limit_of_path(const char *mount, const char *path, const char *file)
{
    char buf[PATH_SIZE];
    struct text group = TEXT_ON(buf);
    uint64_t limit = read_limit(mount, "", file);

    text_add(&group, path);
    for (char *slash; (slash = strrchr(buf, '/')) != NULL; *slash = '\0')
        if (slash[1] != '\0')
            limit = least(limit, read_limit(mount, buf, file));
    return limit;
}

/* Lines of /proc/self/cgroup are "number:controllers:path"; version 2 has number 0 and no controllers. */
static uint64_t limit_of_line(const struct controller *controller, const char *line)
{
    const char *path = strchr(line, '/');

    if (path == NULL)
        return UINT64_MAX;
    if (strncmp(line, "0::", 3) == 0)
        return least(limit_of_path(".", path, controller->file_v2), limit_of_path("unified", path, controller->file_v2));
    if (strstr(line, controller->in_v1) != NULL)
        return limit_of_path(controller->folder_v1, path, controller->file_v1);
    return UINT64_MAX;
}

static uint64_t cgroup_limit(const struct controller *controller)
{
    uint64_t limit = least(read_limit(".", "", controller->file_v2),
                           read_limit(controller->folder_v1, "", controller->file_v1));
    char path_buf[PATH_SIZE], buf[4096];
    struct text path = TEXT_ON(path_buf);
    char *line = buf;

    text_format(&path, "%s/proc/self/cgroup", limits_root);
    if (path.cut || !read_file(path_buf, buf, sizeof(buf)))
        return limit;
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        char *next = line + len + (line[len] == '\n');

        line[len] = '\0';
        limit = least(limit, limit_of_line(controller, line));
        line = next;
    }
    return limit;
}

static uint64_t resource_limit(int resource)
{
    uint64_t limit[2] = {UINT64_MAX};

    SYS_CALL(SYS_prlimit64, 0, resource, 0, limit);
    return limit[0];
}

uint64_t limits_memory(void)
{
    uint64_t limit = least(cgroup_limit(&memory), resource_limit(RLIMIT_AS));
    struct sysinfo info = {0};

    if (SYS_CALL(SYS_sysinfo, &info, 0, 0, 0) == 0)
        limit = least(limit, (uint64_t)info.totalram * info.mem_unit);
    return limit;
}

uint64_t limits_fds(void)
{
    return resource_limit(RLIMIT_NOFILE);
}

uint64_t limits_threads(void)
{
    return least(cgroup_limit(&pids), resource_limit(RLIMIT_NPROC));
}
