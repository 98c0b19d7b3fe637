/* Descriptors by each function that makes one, but for sockets: one site each, and the truth in exact.bats. Prints, at the end,
   the links of /proc/self/fd that were not there at the start. fd_files FOLDER, which is to be empty. */
#ifndef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2 /* for __open_2 and its like */
#endif
#include "specimen.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

static volatile int read_only = O_RDONLY;
static char inherited[4096];

static int opened(int fd)
{
    MUST(fd >= 0);
    return fd;
}

static void and_close(int fd)
{
    MUST(close(opened(fd)) == 0);
}

SITE void by_open(void)
{
    opened(open("made", O_RDWR | O_CREAT, 0640));
    and_close(open64("made64", O_RDWR | O_CREAT | O_EXCL, 0600));
    MUST(open("not there", O_RDONLY) == -1 && errno == ENOENT);
}

/* The mode has come through. */
static void check_modes(void)
{
    struct stat st;

    umask(0);
    MUST(stat("made", &st) == 0 && (st.st_mode & 07777) == (0640 & ~(mode_t)022));
    MUST(stat("made64", &st) == 0 && (st.st_mode & 07777) == 0600);
}

SITE void by_fortified_open(void)
{
    opened(open("made", read_only));
    and_close(open64("made", read_only));
    and_close(openat(AT_FDCWD, "made", read_only));
    opened(openat64(AT_FDCWD, "made", read_only));
}

SITE void by_openat(void)
{
    opened(openat(AT_FDCWD, "madeat", O_RDWR | O_CREAT, 0600));
    and_close(openat64(AT_FDCWD, "madeat", O_RDWR, 0600));
    MUST(openat(AT_FDCWD, "not there", O_RDONLY) == -1);
    opened(open(".", O_TMPFILE | O_RDWR, 0600));
}

SITE void by_creat(void)
{
    opened(creat("created", 0600));
    and_close(creat64("created64", 0600));
}

SITE void by_handle(void)
{
    struct {
        struct file_handle head;
        char room[MAX_HANDLE_SZ];
    } handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount, fd = opened(open(".", O_RDONLY | O_DIRECTORY));

    if (name_to_handle_at(AT_FDCWD, "made", &handle.head, &mount, 0) == 0)
        MUST(open_by_handle_at(fd, &handle.head, O_RDONLY) >= 0);
    else
        opened(dup(fd));
    and_close(fd);
}

SITE void by_mkstemp(void)
{
    char names[8][16] = {"a_XXXXXX", "b_XXXXXX", "c_XXXXXX", "d_XXXXXX", "e_XXXXXX.s", "f_XXXXXX.s", "g_XXXXXX.s", "h_XXXXXX.s"};

    opened(mkstemp(names[0]));
    and_close(mkstemp64(names[1]));
    opened(mkostemp(names[2], O_CLOEXEC));
    and_close(mkostemp64(names[3], O_CLOEXEC));
    opened(mkstemps(names[4], 2));
    and_close(mkstemps64(names[5], 2));
    opened(mkostemps(names[6], 2, O_CLOEXEC));
    and_close(mkostemps64(names[7], 2, O_CLOEXEC));
    MUST(mkstemp(names[0]) == -1 && errno == EINVAL);
}

SITE void by_stream(void)
{
    MUST(fopen("made", "r") != NULL);
    MUST(fclose(fopen64("made", "r")) == 0);
    MUST(tmpfile() != NULL);
    MUST(fclose(tmpfile64()) == 0);
    MUST(fopen("not there", "r") == NULL);
}

SITE void by_fdopen(void)
{
    MUST(fdopen(opened(open("made", O_RDONLY)), "r") != NULL);
    MUST(fclose(fdopen(opened(open("made", O_RDONLY)), "r")) == 0);
}

SITE void by_freopen(void)
{
    FILE *stream = fopen("made", "r");

    MUST((stream = freopen("created", "r", stream)) != NULL);
    MUST((stream = freopen64("made", "r", stream)) != NULL);
    MUST(freopen("not there", "r", fopen("made", "r")) == NULL);
}

/* Streams without a descriptor, whose end leaves errno as it is. */
SITE void without_descriptor(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    MUST(fprintf(stream, "x") == 1);
    errno = 0;
    MUST(fclose(stream) == 0 && errno == 0);
    free(text);
}

SITE void by_popen(void)
{
    MUST(pclose(popen("exit 3", "r")) == 3 << 8);
    MUST(popen("exit 0", "r") != NULL);
}

SITE void by_folder(void)
{
    DIR *folder = opendir(".");

    MUST(folder != NULL && readdir(folder) != NULL);
    MUST(closedir(opendir("/")) == 0);
    MUST(fdopendir(opened(open("/", O_RDONLY))) != NULL);
    MUST(closedir(fdopendir(opened(open(".", O_RDONLY)))) == 0);
    MUST(opendir("not there") == NULL);
}

SITE void by_pipe(void)
{
    int fds[2];

    MUST(pipe(fds) == 0);
    MUST(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
    and_close(fds[0]);
    MUST(pipe2(fds, -1) == -1);
}

SITE void by_anonymous(void)
{
    opened(eventfd(3, EFD_CLOEXEC));
    opened(epoll_create(1));
    opened(epoll_create1(EPOLL_CLOEXEC));
    opened(timerfd_create(CLOCK_MONOTONIC, 0));
    opened(inotify_init());
    opened(inotify_init1(IN_CLOEXEC));
    opened(memfd_create("leak", 0));
    opened(pidfd_open(getpid(), 0));
    and_close(eventfd(0, 0));
    MUST(epoll_create(0) == -1);
}

SITE void by_signalfd(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    fd = opened(signalfd(-1, &set, SFD_CLOEXEC));
    sigaddset(&set, SIGUSR1);
    MUST(signalfd(fd, &set, 0) == fd);
    MUST(signalfd(STDIN_FILENO, &set, 0) == -1);
}

SITE void by_terminal_and_memory(void)
{
    char name[64];

    snprintf(name, sizeof(name), "/leaktrace-specimen-%d", getpid());
    opened(posix_openpt(O_RDWR | O_NOCTTY));
    opened(shm_open(name, O_RDWR | O_CREAT, 0600));
    MUST(shm_unlink(name) == 0);
}

static void list_descriptors(int print)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;

    MUST(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        int fd = atoi(entry->d_name);
        char link[512];
        ssize_t len = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);

        if (entry->d_name[0] == '.' || fd == dirfd(folder))
            continue;
        if (!print)
            inherited[fd] = 1;
        else if (!inherited[fd])
            printf("%d %.*s\n", fd, (int)len, link);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    MUST(argc == 2 && chdir(argv[1]) == 0);
    umask(022);
    list_descriptors(0);
    by_open();
    check_modes();
    by_fortified_open();
    by_openat();
    by_creat();
    by_handle();
    by_mkstemp();
    by_stream();
    by_fdopen();
    by_freopen();
    without_descriptor();
    by_popen();
    by_folder();
    by_pipe();
    by_anonymous();
    by_signalfd();
    by_terminal_and_memory();
    list_descriptors(1);
    return 0;
}
