/* What the kernel says of descriptors: one of each kind, made here; and how addresses are written. */
#include "../support/unit.h"

#include "base/arena.h"
#include "snapshot/fd_info.h"
#include "snapshot/net_table.h"
#include "store/fd_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static struct arena arena;
static struct fd_inventory inventory;

static int end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void look(void)
{
    assert_int_equal(fd_inventory_read(&arena, &inventory), 0);
    assert_true(inventory.complete);
}

static const struct fd_info *info_of(int fd)
{
    const struct fd_info *found = NULL;

    for (size_t i = 0; i < inventory.count; i++)
        if (inventory.infos[i].fd == fd) {
            assert_null(found);
            found = &inventory.infos[i];
        }
    return found;
}

static void assert_info(int fd, const char *type, const char *peer, const char *state)
{
    const struct fd_info *info = info_of(fd);

    assert_non_null(info);
    assert_string_equal(info->type, type);
    if (peer == NULL)
        assert_null(info->peer);
    else
        assert_string_equal(info->peer, peer);
    if (state == NULL)
        assert_null(info->state);
    else
        assert_string_equal(info->state, state);
}

static void assert_type(int fd, const char *type)
{
    assert_true(fd >= 0);
    look();
    assert_info(fd, type, NULL, NULL);
    assert_int_equal(info_of(fd)->inode, 0);
    assert_int_equal(close(fd), 0);
    look();
    assert_null(info_of(fd));
}

static void each_kind_of_descriptor_has_its_type(void **state)
{
    char path[] = "/tmp/test_fd_info.XXXXXX";
    sigset_t signals;
    int pipes[2];

    (void)state;
    sigemptyset(&signals);
    assert_type(mkstemp(path), "file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pipe(pipes), 0);
    assert_type(pipes[0], "pipe");
    assert_type(pipes[1], "pipe");
    assert_type(eventfd(0, 0), "eventfd");
    assert_type(epoll_create1(0), "epoll");
    assert_type(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
    assert_type(signalfd(-1, &signals, 0), "signalfd");
    assert_type(inotify_init1(0), "inotify");
    assert_type(memfd_create("a name", 0), "memfd");
    assert_type(pidfd_open(getpid(), 0), "pidfd");
    assert_type(open("/dev/null", O_RDWR), "device");
    assert_type(posix_openpt(O_RDWR | O_NOCTTY), "pty");
}

static void a_file_that_was_removed_is_still_a_file(void **state)
{
    char path[] = "/tmp/test_fd_info.XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_type(fd, "file");
}

static void many_descriptors_are_all_listed(void **state)
{
    int fds[600];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        assert_true((fds[i] = eventfd(0, 0)) >= 0);
    look();
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        assert_info(fds[i], "eventfd", NULL, NULL);
        close(fds[i]);
    }
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

/* A listener on a free port of the loopback. */
static int listen_on(struct sockaddr_in *ret_addr)
{
    socklen_t len = sizeof(*ret_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *ret_addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)ret_addr, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret_addr, &len), 0);
    return fd;
}

static const char *name_of_socket(int fd)
{
    static char buf[64];
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    snprintf(buf, sizeof(buf), "127.0.0.1:%d", ntohs(addr.sin_port));
    return buf;
}

static void tcp_sockets_have_peer_and_state(void **state)
{
    struct sockaddr_in addr;
    int listener = listen_on(&addr), client = socket(AF_INET, SOCK_STREAM, 0), fresh = socket(AF_INET, SOCK_STREAM, 0), server;
    struct pollfd hung_up = {.events = POLLRDHUP};
    char peer[64];

    (void)state;
    assert_int_equal(connect(client, (struct sockaddr *)&addr, sizeof(addr)), 0);
    server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
    look();
    assert_info(fresh, "tcp", NULL, NULL);
    assert_info(listener, "tcp", NULL, "LISTEN");
    assert_info(client, "tcp", name_of_socket(listener), "ESTABLISHED");
    assert_info(server, "tcp", name_of_socket(client), "ESTABLISHED");
    assert_int_not_equal(info_of(client)->inode, info_of(server)->inode);
    snprintf(peer, sizeof(peer), "%s", name_of_socket(client));
    assert_int_equal(close(client), 0);
    hung_up.fd = server;
    assert_int_equal(poll(&hung_up, 1, 60000), 1);
    look();
    assert_null(info_of(client));
    assert_info(server, "tcp", peer, "CLOSE_WAIT");
    close(server);
    close(listener);
    close(fresh);
}

static void an_accepted_connection_s_peer_is_shown_without_its_port(void **state)
{
    struct fd_entry accepted = {.accepted = true}, connected = {.accepted = false};
    struct fd_info info = {.peer = "127.0.0.1:4711", .inode = 1}, six = {.peer = "[::1]:4711", .inode = 1}, file = {.peer = NULL};
    struct fd_info gone = {.inode = 1};
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0x0a000001)}};

    (void)state;
    assert_string_equal(fd_info_peer(&arena, &info, &accepted), "127.0.0.1");
    assert_string_equal(fd_info_peer(&arena, &info, &connected), "127.0.0.1:4711");
    assert_string_equal(fd_info_peer(&arena, &six, &accepted), "[::1]");
    assert_null(fd_info_peer(&arena, &file, &connected));
    assert_null(fd_info_peer(&arena, &gone, &connected));
    memcpy(connected.peer, &addr, sizeof(addr));
    connected.peer_len = sizeof(addr);
    assert_string_equal(fd_info_peer(&arena, &gone, &connected), "10.0.0.1:80");
    assert_string_equal(fd_info_peer(&arena, &info, &connected), "127.0.0.1:4711");
}

static void udp_sockets_have_the_peer_they_are_connected_to(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);
    int receiver = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(bind(receiver, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(getsockname(receiver, (struct sockaddr *)&addr, &len), 0);
    look();
    assert_info(sender, "udp", NULL, NULL);
    assert_int_equal(connect(sender, (struct sockaddr *)&addr, len), 0);
    look();
    assert_info(receiver, "udp", NULL, "UNCONNECTED");
    assert_info(sender, "udp", name_of_socket(receiver), "ESTABLISHED");
    close(receiver);
    close(sender);
}

/* A socket of both protocols shows its IPv4 peers as such. Where there is no IPv6 there is no such socket. */
static void ipv4_over_ipv6_is_shown_as_ipv4(void **state)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET6, SOCK_STREAM, 0), client, server, zero = 0;
    socklen_t len = sizeof(any);

    (void)state;
    if (listener < 0)
        return;
    assert_int_equal(setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)), 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&any, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&any, &len), 0);
    addr.sin_port = any.sin6_port;
    client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&addr, sizeof(addr)), 0);
    server = accept(listener, NULL, NULL);
    look();
    assert_info(listener, "tcp", NULL, "LISTEN");
    assert_info(server, "tcp", name_of_socket(client), "ESTABLISHED");
    close(client);
    close(server);
    close(listener);
}

static void unix_sockets_have_a_state_and_others_a_type(void **state)
{
    int pair[2], fresh = socket(AF_UNIX, SOCK_STREAM, 0), netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    look();
    assert_info(pair[0], "unix", NULL, "CONNECTED");
    assert_info(pair[1], "unix", NULL, "CONNECTED");
    assert_info(fresh, "unix", NULL, "UNCONNECTED");
    assert_info(netlink, "netlink", NULL, NULL);
    /* An address of the kernel's choice. */
    assert_int_equal(bind(fresh, (struct sockaddr *)&abstract, sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fresh, 1), 0);
    look();
    assert_info(fresh, "unix", NULL, "LISTEN");
    close(pair[0]);
    close(pair[1]);
    close(fresh);
    close(netlink);
}

/* So many that the kernel's table is read in many pieces, and lines are cut between them. */
static void among_many_sockets_each_has_its_own_peer(void **state)
{
    static int clients[400], servers[400];
    struct sockaddr_in addr;
    int listener = listen_on(&addr);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&addr, sizeof(addr)), 0);
        assert_true((servers[i] = accept(listener, NULL, NULL)) >= 0);
    }
    look();
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        assert_info(servers[i], "tcp", name_of_socket(clients[i]), "ESTABLISHED");
        assert_info(clients[i], "tcp", name_of_socket(listener), "ESTABLISHED");
    }
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        close(clients[i]);
        close(servers[i]);
    }
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_kind_of_descriptor_has_its_type, end),
        cmocka_unit_test_teardown(a_file_that_was_removed_is_still_a_file, end),
        cmocka_unit_test_teardown(many_descriptors_are_all_listed, end),
        cmocka_unit_test_teardown(tcp_sockets_have_peer_and_state, end),
        cmocka_unit_test_teardown(an_accepted_connection_s_peer_is_shown_without_its_port, end),
        cmocka_unit_test_teardown(udp_sockets_have_the_peer_they_are_connected_to, end),
        cmocka_unit_test_teardown(ipv4_over_ipv6_is_shown_as_ipv4, end),
        cmocka_unit_test_teardown(unix_sockets_have_a_state_and_others_a_type, end),
        cmocka_unit_test_teardown(among_many_sockets_each_has_its_own_peer, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
