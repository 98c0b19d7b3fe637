/* Two threads which wait for news about the scrape targets and about the credentials. */
#ifndef WATCHERS_H
#define WATCHERS_H

struct watchers;

/* Returns NULL with errno set when a thread cannot be started. */
struct watchers *start_watchers(void);

/* Stops and joins both threads, and frees the watchers. */
void stop_watchers(struct watchers *watchers);

#endif
