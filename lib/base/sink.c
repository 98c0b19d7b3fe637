/* The sink that writes to a descriptor, with direct system calls. Owns nothing; called by dump/. */
#include "base/sink.h"

#include "base/sys.h"

#include <string.h>

static int file_write(struct sink *sink, const void *bytes, size_t len)
{
    struct sink_file *file = (struct sink_file *)sink;

    if (len > sizeof(file->buf) - file->used && sink_file_flush(file) != 0)
        return file->error;
    if (len > sizeof(file->buf)) {
        if (file->error == 0)
            file->error = sys_write_all(file->fd, bytes, len);
        return file->error;
    }
    memcpy(file->buf + file->used, bytes, len);
    file->used += len;
    return file->error;
}

void sink_file_init(struct sink_file *ret_sink, int fd)
{
    ret_sink->sink.write = file_write;
    ret_sink->fd = fd;
    ret_sink->error = 0;
    ret_sink->used = 0;
}

int sink_file_flush(struct sink_file *file)
{
    if (file->error == 0)
        file->error = sys_write_all(file->fd, file->buf, file->used);
    file->used = 0;
    return file->error;
}
