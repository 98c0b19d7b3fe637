/* The kernel's inventory of descriptors. Owns nothing but the arena it is given; called by snapshot/snapshot in leaktrace's own thread. */
#include "snapshot/fd_info.h"

#include "base/arena.h"
#include "base/own_fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "snapshot/net_table.h"
#include "store/fd_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#define FD_FOLDER "/proc/self/fd" /* the program's table: that of the main thread */

struct linux_dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static uint64_t number_in_brackets(const char *link)
{
    const char *at = strchr(link, '[');
    uint64_t number = 0;

    if (at == NULL)
        return 0;
    for (at++; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return number;
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

static bool read_link(const char *name, struct fd_info *ret_info)
{
    char path_buf[64], link[512];
    struct text path = TEXT_ON(path_buf);
    ssize_t len;

    text_format(&path, FD_FOLDER "/%s", name);
    len = sys_readlink(path_buf, link, sizeof(link) - 1);
    if (len < 0)
        return false;
    link[len] = '\0';
    *ret_info = (struct fd_info){.type = type_of_link(link)};
    for (; *name >= '0' && *name <= '9'; name++)
        ret_info->fd = ret_info->fd * 10 + (*name - '0');
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

static int list_folder(struct arena *arena, int folder, struct fd_inventory *inventory)
{
    char buf[8192] __attribute__((aligned(8)));
    size_t capacity = 0;
    ssize_t len;

    while ((len = sys_getdents(folder, buf, sizeof(buf))) > 0) {
        const struct linux_dirent64 *entry;

        for (ssize_t at = 0; at < len; at += entry->size) {
            struct fd_info info;

            entry = (const struct linux_dirent64 *)(const void *)(buf + at);
            if (entry->name[0] == '.' || !read_link(entry->name, &info) ||
                (info.fd == folder && !own_fd_is_separate()))
                continue;
            if (append(arena, inventory, &capacity, &info) != 0)
                return -ENOMEM;
        }
    }
    inventory->complete = len == 0;
    return (int)len;
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
    int folder = sys_open(FD_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    int result;

    if (folder < 0)
        return folder;
    result = list_folder(arena, folder, &inventory);
    sys_close(folder);
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
