/* Loopback TCP with deadlines. All sockets are non-blocking and close-on-exec. */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Every connection is one descriptor, and the usual soft limit is only 1024. */
void raise_open_files_limit(void);

/* The milliseconds from now, as a point on the monotonic clock. */
int64_t deadline_after(int milliseconds);

/* Return a socket, or -1 with errno set. Port 0 lets the kernel choose. */
int listen_on_loopback(uint16_t port);
int accept_connection(int listener);

uint16_t get_local_port(int socket);

/* Waits for poll events; false with errno ETIMEDOUT at the deadline. */
bool wait_for(int socket, short events, int64_t deadline);

/* Return the bytes received, 0 at the end of the stream, -1 with errno set. */
ssize_t receive_some(int socket, void *data, size_t size, int64_t deadline);
bool send_all(int socket, const void *data, size_t size, int64_t deadline);

#endif
