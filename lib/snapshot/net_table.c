/* The reader of the kernel's socket tables. Owns nothing but the arena it is given; called by snapshot/fd_info. */
#include "snapshot/net_table.h"

#include "base/arena.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FIELDS_MAX 16

/* The states of include/net/tcp_states.h, in its order from 1. */
static const char *const tcp_states[] = {
    NULL,         "ESTABLISHED", "SYN_SENT", "SYN_RECV",   "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
    "CLOSED",     "CLOSE_WAIT",  "LAST_ACK", "LISTEN",     "CLOSING",   "NEW_SYN_RECV",
};

static int resize(struct net_table *table, uint64_t size)
{
    struct net_row **rows = arena_alloc(table->arena, size * sizeof(*rows));

    if (rows == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; table->rows != NULL && i <= table->mask; i++) {
        struct net_row *row = table->rows[i];

        while (row != NULL) {
            struct net_row *next = row->next;

            row->next = rows[row->inode & (size - 1)];
            rows[row->inode & (size - 1)] = row;
            row = next;
        }
    }
    table->rows = rows;
    table->mask = size - 1;
    return 0;
}

static struct net_row *find(const struct net_table *table, uint64_t inode)
{
    struct net_row *row = table->rows == NULL ? NULL : table->rows[inode & table->mask];

    while (row != NULL && row->inode != inode)
        row = row->next;
    return row;
}

const struct net_row *net_table_find(const struct net_table *table, uint64_t inode)
{
    return find(table, inode);
}

int net_table_want(struct net_table *table, uint64_t inode)
{
    struct net_row *row;

    if (find(table, inode) != NULL)
        return 0;
    if ((table->rows == NULL || table->count > table->mask) && resize(table, table->rows == NULL ? 64 : (table->mask + 1) * 2) != 0)
        return -ENOMEM;
    row = arena_alloc(table->arena, sizeof(*row));
    if (row == NULL)
        return -ENOMEM;
    row->inode = inode;
    row->next = table->rows[inode & table->mask];
    table->rows[inode & table->mask] = row;
    table->count++;
    return 0;
}

static uint64_t number_of(const char *text, unsigned base)
{
    uint64_t value = 0;

    for (;; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A' + 10)
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10)
                                                        : 99;

        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

static void add_ipv4(struct text *text, const uint8_t *bytes)
{
    text_format(text, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* RFC 5952: the longest run of two or more zero groups becomes "::". */
static void add_ipv6(struct text *text, const uint8_t *bytes)
{
    int run_at = -1, run_len = 1;

    for (int i = 0; i < 8; i++) {
        int len = 0;

        while (i + len < 8 && bytes[2 * (i + len)] == 0 && bytes[2 * (i + len) + 1] == 0)
            len++;
        if (len > run_len) {
            run_at = i;
            run_len = len;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == run_at) {
            text_add(text, "::");
            i += run_len - 1;
            continue;
        }
        if (i > 0 && i != run_at + run_len)
            text_add(text, ":");
        text_add_hex(text, (uint64_t)bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
}

static const char *format_inet(struct arena *arena, const uint8_t *bytes, bool is_ipv6, unsigned port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char buf[64];
    struct text text = TEXT_ON(buf);

    if (is_ipv6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        add_ipv4(&text, bytes + 12);
    } else if (is_ipv6) {
        text_add(&text, "[");
        add_ipv6(&text, bytes);
        text_add(&text, "]");
    } else {
        add_ipv4(&text, bytes);
    }
    text_format(&text, ":%u", port);
    return arena_strndup(arena, buf, text.len);
}

const char *net_address_format(struct arena *arena, const void *addr, uint32_t len)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    sa_family_t family;
    const char *path = (const char *)addr + offsetof(struct sockaddr_un, sun_path);

    if (len < sizeof(family))
        return NULL;
    memcpy(&family, addr, sizeof(family));
    if (family == AF_INET && len >= sizeof(in)) {
        memcpy(&in, addr, sizeof(in));
        return format_inet(arena, (const uint8_t *)&in.sin_addr, false, ntohs(in.sin_port));
    }
    if (family == AF_INET6 && len >= sizeof(in6)) {
        memcpy(&in6, addr, sizeof(in6));
        return format_inet(arena, (const uint8_t *)&in6.sin6_addr, true, ntohs(in6.sin6_port));
    }
    if (family == AF_UNIX && len > sizeof(family) && path[0] == '/')
        return arena_strndup(arena, path, strnlen(path, len - sizeof(family)));
    return NULL;
}

/* An address as the tables have it: words of 32 bits, each in the machine's order, then ':' and the port. */
static const char *parse_inet(struct arena *arena, const char *field)
{
    uint8_t bytes[16];
    const char *colon = strchr(field, ':');
    size_t digits = colon == NULL ? 0 : (size_t)(colon - field);
    uint64_t any = 0;
    unsigned port;

    if (digits != 8 && digits != 32)
        return NULL;
    for (size_t word = 0; word < digits / 8; word++) {
        char hex[9] = "";
        uint32_t value;

        memcpy(hex, field + word * 8, 8);
        value = (uint32_t)number_of(hex, 16);
        memcpy(bytes + word * 4, &value, 4);
        any |= value;
    }
    port = (unsigned)number_of(colon + 1, 16);
    return any == 0 && port == 0 ? NULL : format_inet(arena, bytes, digits == 32, port);
}

static void take_inet(struct net_table *table, char *const *fields, unsigned count, const char *type)
{
    struct net_row *row = count > 9 ? find(table, number_of(fields[9], 10)) : NULL;
    uint64_t state;

    if (row == NULL)
        return;
    state = number_of(fields[3], 16);
    row->type = type;
    row->peer = parse_inet(table->arena, fields[2]);
    if (strcmp(type, "tcp") == 0)
        row->state = state < sizeof(tcp_states) / sizeof(tcp_states[0]) ? tcp_states[state] : NULL;
    else
        row->state = state == 1 ? "ESTABLISHED" : "UNCONNECTED";
}

/* Num RefCount Protocol Flags Type St Inode Path; flag 0x10000: listening; St 1: not connected, 3: connected. */
static void take_unix(struct net_table *table, char *const *fields, unsigned count, const char *type)
{
    struct net_row *row = count > 6 ? find(table, number_of(fields[6], 10)) : NULL;
    uint64_t state;

    if (row == NULL)
        return;
    state = number_of(fields[5], 16);
    row->type = type;
    row->state = number_of(fields[3], 16) & 0x10000 ? "LISTEN" : state == 3 ? "CONNECTED" : "UNCONNECTED";
}

/* sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode */
static void take_netlink(struct net_table *table, char *const *fields, unsigned count, const char *type)
{
    struct net_row *row = count > 9 ? find(table, number_of(fields[9], 10)) : NULL;

    if (row != NULL)
        row->type = type;
}

typedef void take_fields(struct net_table *table, char *const *fields, unsigned count, const char *type);

static void take_line(struct net_table *table, char *line, take_fields *take, const char *type)
{
    char *fields[FIELDS_MAX];
    unsigned count = 0;

    while (count < FIELDS_MAX) {
        line += strspn(line, " ");
        if (*line == '\0')
            break;
        fields[count++] = line;
        line += strcspn(line, " ");
        if (*line != '\0')
            *line++ = '\0';
    }
    take(table, fields, count, type);
}

static void read_table(struct net_table *table, const char *path, take_fields *take, const char *type)
{
    char buf[8192];
    size_t used = 0;
    ssize_t len;
    int fd = sys_open(path, O_RDONLY, 0);

    if (fd < 0)
        return;
    while ((len = sys_read(fd, buf + used, sizeof(buf) - 1 - used)) > 0) {
        char *line = buf;
        char *end;

        used += (size_t)len;
        buf[used] = '\0';
        while ((end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            take_line(table, line, take, type);
            line = end + 1;
        }
        used -= (size_t)(line - buf);
        memmove(buf, line, used);
        if (used == sizeof(buf) - 1)
            used = 0;
    }
    sys_close(fd);
}

void net_table_read(struct net_table *table)
{
    read_table(table, "/proc/thread-self/net/tcp", take_inet, "tcp");
    read_table(table, "/proc/thread-self/net/tcp6", take_inet, "tcp");
    read_table(table, "/proc/thread-self/net/udp", take_inet, "udp");
    read_table(table, "/proc/thread-self/net/udp6", take_inet, "udp");
    read_table(table, "/proc/thread-self/net/raw", take_inet, "raw");
    read_table(table, "/proc/thread-self/net/raw6", take_inet, "raw");
    read_table(table, "/proc/thread-self/net/unix", take_unix, "unix");
    read_table(table, "/proc/thread-self/net/netlink", take_netlink, "netlink");
}
