/* The kernel's inventory of descriptors. Owns nothing but the arena it is given; called by snapshot/snapshot in leaktrace's own thread. */
#include "snapshot/fd_info.h"

#include "base/arena.h"
#include "base/entries.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "snapshot/net_table.h"
#include "store/fd_table.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TASK_FOLDER "/proc/self/task"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static uint64_t number_of(const char *digits)
{
    uint64_t number = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        number = number * 10 + (uint64_t)(*digits - '0');
    return number;
}

static uint64_t number_in_brackets(const char *link)
{
    const char *at = strchr(link, '[');

    return at == NULL ? 0 : number_of(at + 1);
}

/* The kinds that the link names; "anon_inode:[eventpoll]" and the like. */
static const char *type_of_anonymous(const char *link)
{
    static const char *const types[][2] = {
        {"[eventpoll]", "epoll"},    {"[eventfd]", "eventfd"},         {"[timerfd]", "timerfd"},
        {"[signalfd]", "signalfd"},  {"inotify", "inotify"},           {"[fanotify]", "fanotify"},
        {"[pidfd]", "pidfd"},        {"[io_uring]", "io_uring"},       {"[userfaultfd]", "userfaultfd"},
        {"[perf_event]", "perf"},    {"bpf-", "bpf"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (starts_with(link, types[i][0]))
            return types[i][1];
    return "anonymous";
}

static const char *type_of_link(const char *link)
{
    if (starts_with(link, "socket:"))
        return "socket";
    if (starts_with(link, "pipe:"))
        return "pipe";
    if (starts_with(link, "anon_inode:"))
        return type_of_anonymous(link + strlen("anon_inode:"));
    if (starts_with(link, "pidfd:") || starts_with(link, "/pidfd:"))
        return "pidfd";
    if (starts_with(link, "/memfd:"))
        return "memfd";
    if (starts_with(link, "/dev/pts/") || starts_with(link, "/dev/ptmx") || starts_with(link, "/dev/tty"))
        return "pty";
    return starts_with(link, "/dev/") && !starts_with(link, "/dev/shm/") ? "device" : "file";
}

static bool socket_option(int fd, int option, int *ret_value)
{
    uint32_t len = sizeof(*ret_value);

    return sys_call6(SYS_getsockopt, fd, SOL_SOCKET, option, (long)ret_value, (long)&len, 0) == 0;
}

static const char *name_of_socket(int domain, int type)
{
    if (domain == AF_UNIX)
        return "unix";
    if (domain == AF_NETLINK)
        return "netlink";
    if (domain == AF_PACKET)
        return "packet";
    if (domain != AF_INET && domain != AF_INET6)
        return "socket";
    return type == SOCK_STREAM ? "tcp" : type == SOCK_DGRAM ? "udp" : "raw";
}

/* Kinds of sockets that stand in no table: those that were never bound, connected or paired. */
static const char *type_of_socket(int fd)
{
    int borrowed = own_fd_borrow(fd);
    int domain = AF_UNSPEC, type = 0;

    if (borrowed < 0)
        return "socket";
    if (!socket_option(borrowed, SO_DOMAIN, &domain) || !socket_option(borrowed, SO_TYPE, &type))
        domain = AF_UNSPEC;
    own_fd_return(borrowed);
    return name_of_socket(domain, type);
}

static bool read_link(const char *folder_path, const char *name, struct fd_info *ret_info)
{
    char path_buf[128], link[512];
    struct text path = TEXT_ON(path_buf);
    ssize_t len;

    text_format(&path, "%s/%s", folder_path, name);
    len = sys_readlink(path_buf, link, sizeof(link) - 1);
    if (len < 0)
        return false;
    link[len] = '\0';
    *ret_info = (struct fd_info){.type = type_of_link(link)};
    ret_info->fd = (int)number_of(name);
    if (strcmp(ret_info->type, "socket") == 0)
        ret_info->inode = number_in_brackets(link);
    return true;
}

static int append(struct arena *arena, struct fd_inventory *inventory, size_t *capacity, const struct fd_info *info)
{
    size_t larger = *capacity == 0 ? 256 : *capacity * 2;
    struct fd_info *infos;

    if (inventory->count == *capacity) {
        infos = arena_grow(arena, inventory->infos, *capacity * sizeof(*infos), larger * sizeof(*infos));
        if (infos == NULL)
            return -ENOMEM;
        inventory->infos = infos;
        *capacity = larger;
    }
    inventory->infos[inventory->count++] = *info;
    return 0;
}

static int list_folder(struct arena *arena, const char *folder_path, struct fd_inventory *inventory)
{
    size_t capacity = inventory->count;
    struct entries entries;
    const char *name;
    int result = entries_open(&entries, folder_path);

    if (result != 0)
        return result;
    while (result == 0 && (name = entries_next(&entries)) != NULL) {
        struct fd_info info;

        if (read_link(folder_path, name, &info) && (info.fd != entries.fd || own_fd_is_separate()))
            result = append(arena, inventory, &capacity, &info);
    }
    inventory->complete = result == 0 && entries.result == 0;
    entries_close(&entries);
    return result != 0 ? result : entries.result;
}

/* Lists the table of the first thread that has one, leaktrace's own left out: a thread that has ended shows an empty folder. */
static int list_by_task(struct arena *arena, struct fd_inventory *inventory)
{
    struct entries tasks;
    const char *name;
    int result = entries_open(&tasks, TASK_FOLDER);

    if (result != 0)
        return result;
    while (result != -ENOMEM && inventory->count == 0 && (name = entries_next(&tasks)) != NULL) {
        char path_buf[64];
        struct text path = TEXT_ON(path_buf);

        text_format(&path, TASK_FOLDER "/%s/fd", name);
        if (!own_fd_is_separate() || number_of(name) != (uint64_t)sys_gettid())
            result = list_folder(arena, path_buf, inventory);
    }
    entries_close(&tasks);
    return result == -ENOMEM ? result : tasks.result;
}

/* The program's table is that of its first thread; where that has called pthread_exit, that of another. */
static int list_table(struct arena *arena, struct fd_inventory *inventory)
{
    int result = list_folder(arena, "/proc/self/fd", inventory);

    return result == -ENOMEM || inventory->count > 0 ? result : list_by_task(arena, inventory);
}

/* Fills in what the kernel's tables know of the sockets. */
static int name_sockets(struct arena *arena, struct fd_inventory *inventory)
{
    struct net_table table = {.arena = arena};
    int result = 0;

    for (size_t i = 0; i < inventory->count && result == 0; i++)
        if (inventory->infos[i].inode != 0)
            result = net_table_want(&table, inventory->infos[i].inode);
    if (result != 0 || table.rows == NULL)
        return result;
    net_table_read(&table);
    for (size_t i = 0; i < inventory->count; i++) {
        struct fd_info *info = &inventory->infos[i];
        const struct net_row *row = info->inode == 0 ? NULL : net_table_find(&table, info->inode);

        if (row == NULL)
            continue;
        info->type = row->type != NULL ? row->type : type_of_socket(info->fd);
        info->peer = row->peer;
        info->state = row->state;
    }
    return 0;
}

int fd_inventory_read(struct arena *arena, struct fd_inventory *ret_inventory)
{
    struct fd_inventory inventory = {0};
    int result = list_table(arena, &inventory);

    if (result == 0)
        result = name_sockets(arena, &inventory);
    if (result == 0)
        *ret_inventory = inventory;
    return result;
}

const char *fd_info_peer(struct arena *arena, const struct fd_info *info, const struct fd_entry *entry)
{
    const char *port;

    if (info->inode == 0)
        return NULL;
    if (info->peer == NULL)
        return net_address_format(arena, entry->peer, entry->peer_len);
    port = strrchr(info->peer, ':');
    if (!entry->accepted || port == NULL)
        return info->peer;
    return arena_strndup(arena, info->peer, (size_t)(port - info->peer));
}
