/* The kernel's tables of sockets (/proc/thread-self/net/tcp and its siblings), for the sockets that are asked for. */
#ifndef LEAKTRACE_SNAPSHOT_NET_TABLE_H
#define LEAKTRACE_SNAPSHOT_NET_TABLE_H

#include <stdint.h>

struct arena;

struct net_row {
    uint64_t inode;
    const char *type;  /* NULL: in no table */
    const char *peer;  /* "address:port", a path, or NULL */
    const char *state; /* as ss(8) and lsof(8) call it, or NULL */
    struct net_row *next;
};

struct net_table {
    struct arena *arena;
    struct net_row **rows; /* buckets by inode */
    uint64_t mask;
    uint64_t count;
};

/* Asks for the socket of this inode. 0 or -ENOMEM. */
int net_table_want(struct net_table *table, uint64_t inode);
/* Reads the kernel's tables once and fills the rows that were asked for. A table that cannot be read is left out. */
void net_table_read(struct net_table *table);
/* The row that was asked for, or NULL. */
const struct net_row *net_table_find(const struct net_table *table, uint64_t inode);

/* A struct sockaddr of `len` bytes (maybe cut) as text; NULL for what has none. */
const char *net_address_format(struct arena *arena, const void *addr, uint32_t len);

#endif
