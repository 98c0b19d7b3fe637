/*
 * The terminal, while a command has all of it: another screen, no echo, keys one by one.
 *
 * It is given back as it was at the end of the program: by terminal_close(), exit(), SIGINT, SIGTERM, SIGHUP, SIGQUIT, and
 * for as long as SIGTSTP stops it. After SIGKILL a small process that was made before does it. One terminal at a time.
 */
#ifndef LEAKTRACE_TOP_TERMINAL_H
#define LEAKTRACE_TOP_TERMINAL_H

#include <stdbool.h>

/* Characters of ASCII stand for themselves. */
enum terminal_key {
    TERMINAL_NOTHING = 0, /* the time is up, or the size has changed */
    TERMINAL_ESCAPE = 27,
    TERMINAL_UP = 256,
    TERMINAL_DOWN,
    TERMINAL_LEFT,
    TERMINAL_RIGHT,
    TERMINAL_PAGE_UP,
    TERMINAL_PAGE_DOWN,
    TERMINAL_HOME,
    TERMINAL_END,
    TERMINAL_GONE, /* there is no terminal any more */
};

/* Whether standard input and output are one that can be used so: not where TERM is missing or "dumb". */
bool terminal_is_there(const char *term);
/* 0 or -errno. */
int terminal_open(void);
void terminal_close(void);
/* At least 1 by 1. */
void terminal_size(unsigned *ret_columns, unsigned *ret_lines);
/* Shows lines of text, each ended by a newline, in place of what is there; not more than the screen has. */
void terminal_show(const char *text);
/* The next key, waited for at most that long. */
int terminal_read_key(int patience_ms);

#endif
