/*
 * Live file descriptors by number.
 *
 * No locks: the kernel itself serializes who holds a number, because a release is recorded before the real close and an
 * acquire after the real open.
 */
#ifndef LEAKTRACE_STORE_FD_TABLE_H
#define LEAKTRACE_STORE_FD_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define FD_PEER_MAX 44

struct fd_entry {
    uint32_t site;
    uint32_t mark; /* number of the growth mark that was current */
    int64_t born_ns; /* CLOCK_MONOTONIC */
    bool accepted; /* made by accept: its peer's port says nothing */
    uint8_t peer_len;
    char peer[FD_PEER_MAX]; /* the start of the struct sockaddr given to connect() */
};

/* Records a descriptor as opened now. What stood there before was never seen closed: it is replaced, and `ret_replaced` set.
   0, or -ENOMEM. */
int fd_table_add(int fd, const struct fd_entry *entry, bool *ret_replaced);
/* Removes it and tells what it was; false when it is not known. */
bool fd_table_take(int fd, struct fd_entry *ret_entry);
/* Remembers the address that was given to connect(). */
void fd_table_set_peer(int fd, const void *addr, uint32_t len);
/* Copies the entry; false when there is none. */
bool fd_table_get(int fd, struct fd_entry *ret_entry);
/* One more than the largest number that was ever recorded. */
int fd_table_limit(void);

#endif
