/* Socket addresses as text, and the table of sockets that are asked for. */
#include "../support/unit.h"

#include "base/arena.h"
#include "base/memory.h"
#include "snapshot/net_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct arena arena;

static int end(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void ipv4_addresses_have_dots_and_a_port(void **state)
{
    static const char *const texts[] = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.200.3.40"};
    static const uint16_t ports[] = {0, 1, 80, 65535};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(ports[i])};
        char expected[64];

        snprintf(expected, sizeof(expected), "%s:%u", texts[i], ports[i]);
        assert_int_equal(inet_pton(AF_INET, texts[i], &addr.sin_addr), 1);
        assert_string_equal(net_address_format(&arena, &addr, sizeof(addr)), expected);
    }
}

/* As libc writes them, but for IPv4 in other clothes. */
static void assert_ipv6(const struct in6_addr *bytes)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = *bytes};
    char text[INET6_ADDRSTRLEN], expected[INET6_ADDRSTRLEN + 16];

    assert_non_null(inet_ntop(AF_INET6, bytes, text, sizeof(text)));
    snprintf(expected, sizeof(expected), "[%s]:443", text);
    assert_string_equal(net_address_format(&arena, &addr, sizeof(addr)), expected);
}

static void ipv6_addresses_are_written_as_rfc_5952_says(void **state)
{
    static const char *const texts[] = {"::",          "::1",          "1::",         "fe80::1:2:3:4", "2001:db8::1",   "1:2:3:4:5:6:7:8",
                                        "1:0:3:4:5:6:7:8", "1:0:0:4:5:6:7:8", "1:0:0:4:0:0:0:8", "0:0:3:0:0:6:7:8", "ff02::fb", "1:2:3:4:5:6:0:0"};
    uint64_t seed = 9;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct in6_addr bytes;

        assert_int_equal(inet_pton(AF_INET6, texts[i], &bytes), 1);
        assert_ipv6(&bytes);
    }
    for (int i = 0; i < 5000; i++) {
        struct in6_addr bytes;
        uint64_t zeros = random_next(&seed);

        for (unsigned at = 0; at < 16; at++)
            bytes.s6_addr[at] = zeros >> (at / 2) & 1 ? 0 : (uint8_t)random_next(&seed);
        bytes.s6_addr[0] = 0x20; /* inet_ntop writes some addresses that begin with zeros as IPv4 */
        assert_ipv6(&bytes);
    }
}

static void a_mapped_ipv4_address_is_shown_as_ipv4(void **state)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(80)};

    (void)state;
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.1.2.3", &addr.sin6_addr), 1);
    assert_string_equal(net_address_format(&arena, &addr, sizeof(addr)), "10.1.2.3:80");
}

static void unix_addresses_are_their_paths(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/run/postgresql/.s.PGSQL.5432"};

    (void)state;
    assert_string_equal(net_address_format(&arena, &addr, sizeof(addr)), addr.sun_path);
    assert_string_equal(net_address_format(&arena, &addr, sizeof(sa_family_t) + 4), "/run");
    assert_null(net_address_format(&arena, &addr, sizeof(sa_family_t)));
    memcpy(addr.sun_path, "\0abstract", 9);
    assert_null(net_address_format(&arena, &addr, sizeof(addr)));
}

static void addresses_that_are_cut_or_of_other_families_have_no_text(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    struct sockaddr_in6 addr6 = {.sin6_family = AF_INET6};

    (void)state;
    for (uint32_t len = 0; len < sizeof(addr); len++)
        assert_null(net_address_format(&arena, &addr, len));
    for (uint32_t len = 0; len < sizeof(addr6); len++)
        assert_null(net_address_format(&arena, &addr6, len));
    addr.sin_family = AF_UNSPEC;
    assert_null(net_address_format(&arena, &addr, sizeof(addr)));
    addr.sin_family = AF_NETLINK;
    assert_null(net_address_format(&arena, &addr, sizeof(addr)));
}

static void each_socket_that_was_asked_for_has_a_row_and_no_other(void **state)
{
    struct net_table table = {.arena = &arena};

    (void)state;
    assert_null(net_table_find(&table, 1));
    for (uint64_t i = 1; i <= 10000; i++)
        assert_int_equal(net_table_want(&table, i * 64 + (1ul << 50)), 0);
    for (uint64_t i = 1; i <= 10000; i++)
        assert_int_equal(net_table_want(&table, i * 64 + (1ul << 50)), 0);
    assert_int_equal(table.count, 10000);
    net_table_read(&table);
    for (uint64_t i = 1; i <= 10000; i++) {
        const struct net_row *row = net_table_find(&table, i * 64 + (1ul << 50));

        assert_non_null(row);
        assert_int_equal(row->inode, i * 64 + (1ul << 50));
        assert_null(row->type);
        assert_null(row->peer);
    }
    assert_null(net_table_find(&table, 65));
}

static void without_memory_asking_fails(void **state)
{
    struct net_table table = {.arena = &arena};

    (void)state;
    memory_set_cap(1);
    assert_int_equal(net_table_want(&table, 1), -ENOMEM);
    memory_set_cap(0);
    assert_int_equal(net_table_want(&table, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ipv4_addresses_have_dots_and_a_port, end),
        cmocka_unit_test_teardown(ipv6_addresses_are_written_as_rfc_5952_says, end),
        cmocka_unit_test_teardown(a_mapped_ipv4_address_is_shown_as_ipv4, end),
        cmocka_unit_test_teardown(unix_addresses_are_their_paths, end),
        cmocka_unit_test_teardown(addresses_that_are_cut_or_of_other_families_have_no_text, end),
        cmocka_unit_test_teardown(each_socket_that_was_asked_for_has_a_row_and_no_other, end),
        cmocka_unit_test_teardown(without_memory_asking_fails, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
