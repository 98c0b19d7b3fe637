/*
 * How the command speaks to a traced process, without a descriptor in the program and without its signal handlers.
 *
 * leaktrace's own thread is named CONTROL_THREAD, blocks CONTROL_SIGNAL and waits for it. The command sends it that signal,
 * directed at the thread (rt_tgsigqueueinfo), with a value made by control_value(). No handler of the program is run and no
 * disposition of it matters. The thread does what is asked and then replaces its status file, whose lines
 * `answer <nonce> ok|error <text>` say what became of the last requests. A signal can be lost when two arrive at once: the command
 * asks again with the same nonce, which is then done only once.
 *
 * The status file is <dir>/<exe>.<pid>.status, lines of `key value`. The process keeps a PROT_NONE mapping of its newest
 * version, so that /proc/PID/maps tells the file's name (for a moment with " (deleted)" behind it, when it is being replaced).
 */
#ifndef LEAKTRACE_BASE_CONTROL_H
#define LEAKTRACE_BASE_CONTROL_H

#include <signal.h>
#include <stdint.h>

#define CONTROL_THREAD "leaktrace"
#define CONTROL_SIGNAL SIGSTKFLT
#define CONTROL_STATUS_SUFFIX ".status"

enum control_request {
    CONTROL_WAKE, /* from the library itself: look at what is pending */
    CONTROL_STATUS,
    CONTROL_DUMP,
    CONTROL_MARK,
    CONTROL_CHECKPOINT, /* bring the checkpoint up to date now, whatever its period */
    CONTROL_MAX
};

#define CONTROL_NONCE_MAX 0x0fffffffu

static inline int control_value(enum control_request request, uint32_t nonce)
{
    return (int)(nonce << 3 | (uint32_t)request);
}

static inline enum control_request control_request_of(int value)
{
    return (enum control_request)(value & 7);
}

static inline uint32_t control_nonce_of(int value)
{
    return (uint32_t)value >> 3 & CONTROL_NONCE_MAX;
}

#endif
