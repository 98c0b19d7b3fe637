/* The library's own lines. Owns the name of the target; opens it for each line, so that no descriptor is held. */
#include "base/log.h"

#include "base/own_fd.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/write_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 200

static const char *log_target = "stderr";
static struct stat stderr_at_start;

void log_set_target(const char *target)
{
    log_target = target;
}

void log_remember_stderr(void)
{
    if (sys_fstat(STDERR_FILENO, &stderr_at_start) != 0)
        stderr_at_start.st_ino = 0;
}

/* Never waits long for a reader that does not read, and never lets the program die of one that has gone, or of
   a file that may not grow. */
static void write_safely(int fd, const char *line, size_t len)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    struct write_signals held;

    if (SYS_CALL(SYS_poll, &room, 1, PATIENCE_MS, 0) != 1 || room.revents != POLLOUT)
        return;
    write_signals_hold(&held);
    write_signals_release(&held, sys_write_all(fd, line, len));
}

static bool is_stderr(int fd)
{
    struct stat now;

    return sys_fstat(fd, &now) == 0 && now.st_dev == stderr_at_start.st_dev && now.st_ino == stderr_at_start.st_ino;
}

bool log_has_stderr(void)
{
    return is_stderr(STDERR_FILENO);
}

static void write_stderr(const char *line, size_t len)
{
    int fd = own_fd_borrow(STDERR_FILENO);

    if (fd < 0)
        return;
    if (is_stderr(fd))
        write_safely(fd, line, len);
    own_fd_return(fd);
}

static void log_write(const char *line, size_t len)
{
    int fd;

    if (strcmp(log_target, "stderr") == 0) {
        write_stderr(line, len);
        return;
    }
    fd = sys_open(log_target, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return;
    write_safely(fd, line, len);
    sys_close(fd);
}

void log_line(const char *format, ...)
{
    char buf[1024];
    struct text text = TEXT_ON(buf);
    va_list args;

    if (strcmp(log_target, "none") == 0)
        return;
    text_format(&text, "leaktrace[%d]: ", sys_getpid());
    va_start(args, format);
    text_vformat(&text, format, args);
    va_end(args);
    if (text.len > sizeof(buf) - 2)
        text.len = sizeof(buf) - 2;
    text_add(&text, "\n");
    log_write(buf, text.len);
}
