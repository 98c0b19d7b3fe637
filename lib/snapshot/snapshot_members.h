/* The parts of a snapshot that are grouped by site and labels. For snapshot/snapshot.c. */
#ifndef LEAKTRACE_SNAPSHOT_SNAPSHOT_MEMBERS_H
#define LEAKTRACE_SNAPSHOT_SNAPSHOT_MEMBERS_H

#include "snapshot/snapshot.h"

/* A new row at the end; NULL when there is no memory. */
struct snapshot_row *snapshot_add_row(struct snapshot *snapshot, struct snapshot_rows *rows, const struct site *site);

/* 0 or -errno. */
int snapshot_take_fds(struct snapshot *snapshot);
int snapshot_take_threads(struct snapshot *snapshot);

struct reach;

/* Live heap blocks by site and by what `reach` says of them. */
int snapshot_take_leaks(struct snapshot *snapshot, const struct reach *reach);

#endif
