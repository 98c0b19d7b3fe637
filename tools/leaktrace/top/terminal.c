/* The terminal in the hands of `leaktrace top`. Owns its settings; signal handlers only give it back and take it again. */
#include "top/terminal.h"

#include "common.h"
#include "top/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Another screen, and no cursor; and back. ECMA-48 and what xterm has added, which all of today's terminals know. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[0m\033[?25h\033[?1049l"
#define TOP_LEFT "\033[H"
#define CLEAR_LINE "\033[2K"
#define CLEAR_BELOW "\033[J"

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static struct {
    struct termios before;
    struct termios ours;
    volatile sig_atomic_t is_ours;
    volatile sig_atomic_t has_new_size;
    char keys[64]; /* read, but not yet handed out */
    size_t n_keys;
} terminal;

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);

        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

static void take(void)
{
    guard_tell(true);
    terminal.is_ours = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.ours);
    write_all(ENTER, strlen(ENTER));
}

/* Also in signal handlers. */
static void give_back(void)
{
    if (!terminal.is_ours)
        return;
    write_all(LEAVE, strlen(LEAVE));
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    terminal.is_ours = 0;
    guard_tell(false);
}

/* The signal ends the program after all. */
static void end_by(int sig)
{
    give_back();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void on(int sig, void (*handler)(int sig))
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    struct sigaction before;

    if (sigaction(sig, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(sig, &action, NULL);
}

/* Stops the program, and goes on behind SIGCONT. */
static void stop_by(int sig)
{
    int error = errno;

    give_back();
    signal(sig, SIG_DFL);
    raise(sig);
    on(sig, stop_by);
    take();
    terminal.has_new_size = 1;
    errno = error;
}

static void note_size(int sig)
{
    (void)sig;
    terminal.has_new_size = 1;
}

/* SIGWINCH comes only while a key is waited for, so that it is never missed. */
static void handle_signals(void)
{
    sigset_t set;

    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        on(deadly[i], end_by);
    on(SIGTSTP, stop_by);
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    on(SIGWINCH, note_size);
}

bool terminal_is_there(const char *term)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

int terminal_open(void)
{
    if (tcgetattr(STDIN_FILENO, &terminal.before) != 0)
        return -errno;
    terminal.ours = terminal.before;
    terminal.ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    terminal.ours.c_cc[VMIN] = 1;
    terminal.ours.c_cc[VTIME] = 0;
    guard_start(&terminal.before, &terminal.ours, LEAVE);
    handle_signals();
    atexit(terminal_close);
    take();
    return 0;
}

void terminal_close(void)
{
    give_back();
}

void terminal_size(unsigned *ret_columns, unsigned *ret_lines)
{
    struct winsize size = {.ws_col = 0};

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *ret_columns = size.ws_col == 0 ? 80 : size.ws_col;
    *ret_lines = size.ws_row == 0 ? 24 : size.ws_row;
}

/* All in one write, so that nothing flickers. */
void terminal_show(const char *text)
{
    unsigned columns, lines, at = 0;
    char *all = NULL;
    size_t len;
    FILE *out = open_memstream(&all, &len);

    if (out == NULL)
        must_end();
    terminal_size(&columns, &lines);
    fputs(TOP_LEFT, out);
    for (; at < lines && *text != '\0'; at++) {
        size_t line = strcspn(text, "\n");

        fprintf(out, "%s" CLEAR_LINE "%.*s", at == 0 ? "" : "\r\n", (int)line, text);
        text += line + (text[line] == '\n');
    }
    if (at < lines)
        fputs("\r\n" CLEAR_BELOW, out);
    if (fclose(out) != 0)
        must_end();
    write_all(all, len);
    free(all);
}

static void drop_keys(size_t n)
{
    terminal.n_keys -= n;
    memmove(terminal.keys, terminal.keys + n, terminal.n_keys);
}

/* The keys that are not one character. */
static int next_key(void)
{
    static const struct {
        const char *letters;
        int key;
    } sequences[] = {
        {"\033[A", TERMINAL_UP},       {"\033OA", TERMINAL_UP},         {"\033[B", TERMINAL_DOWN}, {"\033OB", TERMINAL_DOWN},
        {"\033[C", TERMINAL_RIGHT},    {"\033OC", TERMINAL_RIGHT},      {"\033[D", TERMINAL_LEFT}, {"\033OD", TERMINAL_LEFT},
        {"\033[5~", TERMINAL_PAGE_UP}, {"\033[6~", TERMINAL_PAGE_DOWN}, {"\033[H", TERMINAL_HOME}, {"\033[F", TERMINAL_END},
        {"\033[1~", TERMINAL_HOME},    {"\033[4~", TERMINAL_END},       {"\033OH", TERMINAL_HOME}, {"\033OF", TERMINAL_END},
    };
    unsigned char first = (unsigned char)terminal.keys[0];

    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        size_t len = strlen(sequences[i].letters);

        if (terminal.n_keys >= len && memcmp(terminal.keys, sequences[i].letters, len) == 0) {
            drop_keys(len);
            return sequences[i].key;
        }
    }
    /* An unknown sequence is no Escape. */
    if (first == TERMINAL_ESCAPE && terminal.n_keys > 1) {
        terminal.n_keys = 0;
        return TERMINAL_NOTHING;
    }
    drop_keys(1);
    return first;
}

int terminal_read_key(int patience_ms)
{
    const struct timespec patience = {patience_ms / 1000, patience_ms % 1000 * 1000000l};
    struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t none;
    ssize_t n;

    if (terminal.n_keys > 0)
        return next_key();
    sigemptyset(&none);
    if (terminal.has_new_size || ppoll(&poll_fd, 1, &patience, &none) <= 0) {
        terminal.has_new_size = 0;
        return TERMINAL_NOTHING;
    }
    n = read(STDIN_FILENO, terminal.keys, sizeof(terminal.keys));
    if (n <= 0)
        return n < 0 && errno == EINTR ? TERMINAL_NOTHING : TERMINAL_GONE;
    terminal.n_keys = (size_t)n;
    return next_key();
}
