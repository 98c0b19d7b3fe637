/* What duplicates and closes descriptors, and what opens and closes them behind everybody's back: one site each, and the truth in
   exact.bats. Prints how many descriptors were there at the start, and how many were opened and are there still. */
#include "specimen.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGH 300 /* above all that is open */

SITE int make_one(void)
{
    int fd = open("/dev/null", O_RDWR);

    MUST(fd >= 0);
    return fd;
}

SITE void by_dup(void)
{
    int fd = make_one();

    MUST(dup(fd) >= 0);
    MUST(close(dup(fd)) == 0);
    MUST(dup(-1) == -1 && errno == EBADF);
    MUST(fcntl(fd, F_DUPFD, HIGH + 200) >= HIGH + 200);
    MUST(fcntl(fd, F_DUPFD_CLOEXEC, 0) >= 0);
    MUST(fcntl(fd, F_DUPFD, -1) == -1);
    MUST(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    MUST(close(fd) == 0);
}

SITE int to_be_replaced(void)
{
    int fd = open("/dev/zero", O_RDONLY);

    MUST(fd >= 0);
    return fd;
}

/* The old descriptor of the number is gone. */
SITE void dup2_over_live(void)
{
    int fd = make_one();

    MUST(dup2(fd, to_be_replaced()) >= 0);
    MUST(dup3(fd, to_be_replaced(), O_CLOEXEC) >= 0);
    MUST(close(fd) == 0);
}

SITE void dup2_to_free_number(void)
{
    int fd = make_one();

    MUST(dup2(fd, HIGH) == HIGH);
    MUST(close(fd) == 0);
}

SITE int kept_open(void)
{
    int fd = open("/dev/null", O_RDONLY);

    MUST(fd >= 0);
    return fd;
}

SITE void dup2_in_vain(void)
{
    int fd = kept_open();

    MUST(dup2(fd, fd) == fd);
    MUST(dup2(HIGH + 100, fd) == -1 && errno == EBADF);
    MUST(dup3(HIGH + 100, fd, 0) == -1 && errno == EBADF);
    MUST(dup3(fd, fd, 0) == -1 && errno == EINVAL);
    MUST(dup3(fd, kept_open(), -1) == -1);
    MUST(dup2(fd, -1) == -1);
    MUST(fcntl(fd, F_GETFD) == 0);
}

SITE void close_in_vain(void)
{
    MUST(close(-1) == -1 && errno == EBADF);
    MUST(close(HIGH + 100) == -1 && errno == EBADF);
    MUST(close(1 << 30) == -1 && errno == EBADF);
}

/* Duplicates at HIGH + 1 to HIGH + 9, of which two ranges are closed. */
SITE void by_close_range(void)
{
    int fd = make_one();

    for (int i = 1; i <= 9; i++)
        MUST(dup2(fd, HIGH + i) == HIGH + i);
    MUST(close(fd) == 0);
    MUST(close_range(HIGH + 1, HIGH + 3, 0) == 0);
    MUST(close_range(HIGH + 1, HIGH + 9, CLOSE_RANGE_CLOEXEC) == 0);
    MUST(close_range(HIGH + 9, HIGH + 1, 0) == -1);
    MUST(close_range(HIGH + 8, HIGH + 8, CLOSE_RANGE_UNSHARE) == 0);
}

/* Closes what by_dup has put above, too. */
SITE void by_closefrom(void)
{
    int fd = make_one();

    MUST(dup2(fd, HIGH + 50) == HIGH + 50);
    MUST(dup2(fd, HIGH + 60) == HIGH + 60);
    MUST(close(fd) == 0);
    closefrom(HIGH + 55);
}

/* A number that was closed unseen and is opened again. */
SITE void replaced_unseen(void)
{
    int fd = open("/dev/null", O_RDONLY);

    MUST(syscall(SYS_close, fd) == 0);
    MUST(open("/dev/null", O_RDONLY) == fd);
}

SITE void closed_unseen(void)
{
    int fd = open("/dev/null", O_RDONLY);
    int other = dup(fd);

    MUST(syscall(SYS_close, fd) == 0 && syscall(SYS_close, other) == 0);
}

SITE void opened_unseen(void)
{
    MUST(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0) >= 0);
    MUST(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0) >= 0);
}

static int count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int count = -1; /* the folder's own */

    MUST(folder != NULL);
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Eight threads open and close at once; each keeps every tenth. */
SITE void in_eight_threads(void)
{
    for (int i = 0; i < 100; i++) {
        int fd = open("/dev/null", O_RDONLY);

        MUST(fd >= 0);
        if (i % 10 != 0)
            MUST(close(fd) == 0);
    }
}

static void *work(void *unused)
{
    in_eight_threads();
    return unused;
}

int main(void)
{
    int before = count_descriptors();
    pthread_t threads[8];

    by_dup();
    dup2_over_live();
    dup2_to_free_number();
    dup2_in_vain();
    close_in_vain();
    by_close_range();
    by_closefrom();
    replaced_unseen();
    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 8; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    opened_unseen();
    printf("inherited %d\n", before);
    printf("opened %d\n", count_descriptors() - before);
    closed_unseen();
    return 0;
}
