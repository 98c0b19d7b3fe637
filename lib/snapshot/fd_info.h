/*
 * What the kernel says of the process's descriptors: type, peer and state of each, read in bulk at the time of a dump.
 *
 * One pass over /proc/self/fd, and one over each of the socket tables in /proc/thread-self/net if there are sockets. Nothing is asked of
 * a descriptor itself but a socket's own kind, where no table has it, so the program is not disturbed.
 */
#ifndef LEAKTRACE_SNAPSHOT_FD_INFO_H
#define LEAKTRACE_SNAPSHOT_FD_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fd_entry;

struct fd_info {
    int fd;
    const char *type;  /* tcp, udp, unix, netlink, packet, raw, socket, file, device, pipe, pty, memfd, epoll, ... */
    const char *peer;  /* NULL: not a socket, or not connected */
    const char *state; /* NULL: not a socket, or the kernel has none */
    uint64_t inode;    /* of sockets; 0 otherwise */
};

struct fd_inventory {
    struct fd_info *infos; /* in the kernel's order */
    size_t count;
    bool complete; /* false: /proc could not be read to the end */
};

/* Lists all descriptors of the process. Strings and rows live in `arena`. 0 or -errno. */
int fd_inventory_read(struct arena *arena, struct fd_inventory *ret_inventory);
/* The peer to show: the kernel's, or what was given to connect(); of accepted connections without the port. NULL: none. */
const char *fd_info_peer(struct arena *arena, const struct fd_info *info, const struct fd_entry *entry);

#endif
