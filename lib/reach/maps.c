/*
 * What is mapped. Owns nothing; called by the other files of reach/.
 *
 * /proc/self/pagemap tells of each page whether it is there, and of a private mapping of a file whether the program has written
 * to it: what it has not written is the file's, and holds no pointer. Pages that belong to this process alone can be read where
 * they lie. Others are copied by the kernel, which knows when a file has become too short, and refuses devices.
 */
#include "reach/maps.h"

#include "base/memory.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#define PAGE 4096ul
#define RUN_PAGES 512u /* looked at at a time */
#define COPY_BYTES (64ul << 10)
#define BUFFER_BYTES (COPY_BYTES + RUN_PAGES * sizeof(uint64_t))
#define ROOM_TO_SPARE 64u /* the list itself is mapped, and missed threads go on */

#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61) /* or of memory that is shared */

#define LIMIT_NS (20 * 1000000000ll)

static unsigned progress;

/* --- the list ------------------------------------------------------------------------------------------------------- */

static uintptr_t read_hex(const char **at)
{
    uintptr_t value = 0;

    for (;; (*at)++) {
        char c = **at;

        if (c >= '0' && c <= '9')
            value = value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return value;
    }
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The fields up to the path are offset, device and inode. */
static const char *path_of(const char *fields)
{
    for (int i = 0; i < 3; i++) {
        fields += strcspn(fields, " ");
        fields += strspn(fields, " ");
    }
    return fields;
}

static unsigned flags_of(const char *access, const char *path)
{
    unsigned flags = (access[1] == 'w' ? MAPPING_WRITABLE : 0) | (access[3] == 's' ? MAPPING_SHARED : 0);

    if (begins_with(path, "[stack]"))
        return flags | MAPPING_STACK;
    if (begins_with(path, "[heap]"))
        return flags | MAPPING_BRK;
    return path[0] == '/' ? flags | MAPPING_OF_FILE : flags;
}

/* "start-end rwxp offset device inode path". The kernel's own are named [vvar], [vdso] and the like. */
static void take_line(struct maps *maps, const char *line)
{
    struct mapping mapping;
    const char *path;

    mapping.range.start = read_hex(&line);
    line += *line == '-';
    mapping.range.end = read_hex(&line);
    line += *line == ' ';
    path = path_of(line + strcspn(line, " ") + 1);
    if (line[0] != 'r' || begins_with(path, "[v"))
        return;
    mapping.flags = flags_of(line, path);
    if (maps->count < maps->room)
        maps->items[maps->count] = mapping;
    maps->count++;
}

/* Lines are no longer than a path. Takes all whole lines; what is left is moved to the beginning. */
static void take_lines(struct maps *maps, char *text, size_t *len)
{
    char *line = text, *end;

    while ((end = memchr(line, '\n', *len - (size_t)(line - text))) != NULL) {
        *end = '\0';
        take_line(maps, line);
        line = end + 1;
    }
    *len -= (size_t)(line - text);
    memmove(text, line, *len);
}

/* Counts also those for which there is no room. */
static int read_list(struct maps *maps)
{
    int fd = sys_open("/proc/thread-self/maps", O_RDONLY, 0);
    char *text = maps->buffer;
    size_t len = 0;
    ssize_t n;

    if (fd < 0)
        return fd;
    maps->count = 0;
    while ((n = sys_read(fd, text + len, COPY_BYTES - len)) > 0) {
        len += (size_t)n;
        take_lines(maps, text, &len);
    }
    sys_close(fd);
    return (int)n;
}

/* First to count them: what is in the list must stay mapped as long as the list is used, so nothing is given back behind it. */
int maps_init(struct maps *ret_maps, bool copies)
{
    int result;

    *ret_maps = (struct maps){
        .copies = copies,
        .pagemap = -1,
        .has_scan = true,
        .deadline_ns = sys_monotonic_ns() + LIMIT_NS,
        .buffer = memory_map(BUFFER_BYTES),
    };
    result = ret_maps->buffer == NULL ? -ENOMEM : read_list(ret_maps);
    if (result != 0)
        return result;
    ret_maps->room = ret_maps->count + ROOM_TO_SPARE;
    ret_maps->items = memory_map(ret_maps->room * sizeof(*ret_maps->items));
    ret_maps->pagemap = sys_open("/proc/thread-self/pagemap", O_RDONLY, 0);
    if (ret_maps->items == NULL)
        return -ENOMEM;
    result = read_list(ret_maps);
    return result == 0 && ret_maps->count > ret_maps->room ? -EAGAIN : result;
}

void maps_release(struct maps *maps)
{
    if (maps->items != NULL)
        memory_unmap(maps->items, maps->room * sizeof(*maps->items));
    if (maps->buffer != NULL)
        memory_unmap(maps->buffer, BUFFER_BYTES);
    if (maps->pagemap >= 0)
        sys_close(maps->pagemap);
    *maps = (struct maps){.pagemap = -1};
}

/* The first mapping that ends behind the address. */
static size_t index_of(const struct maps *maps, uintptr_t addr)
{
    size_t low = 0, high = maps->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (maps->items[middle].range.end <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct mapping *maps_find(const struct maps *maps, uintptr_t addr)
{
    size_t i = index_of(maps, addr);

    return i < maps->count && maps->items[i].range.start <= addr ? &maps->items[i] : NULL;
}

bool maps_is_late(struct maps *maps)
{
    __atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
    maps->is_late |= sys_monotonic_ns() > maps->deadline_ns;
    return maps->is_late;
}

unsigned maps_progress(void)
{
    return __atomic_load_n(&progress, __ATOMIC_RELAXED);
}

/* --- pages ---------------------------------------------------------------------------------------------------------- */

/* What pagemap says of each page; where there is none, what mincore knows. */
static bool look_at_pages(struct maps *maps, const struct mapping *mapping, uintptr_t page, size_t n, uint64_t *ret_pages)
{
    unsigned char *resident = (unsigned char *)(ret_pages + RUN_PAGES) - RUN_PAGES;

    if (maps->pagemap >= 0)
        return SYS_CALL(SYS_pread64, maps->pagemap, ret_pages, n * sizeof(*ret_pages), page / PAGE * sizeof(*ret_pages)) ==
               (long)(n * sizeof(*ret_pages));
    if (SYS_CALL(SYS_mincore, page, n * PAGE, resident, 0) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        ret_pages[i] = (resident[i] & 1) != 0
                           ? PAGE_PRESENT | (mapping->flags & (MAPPING_OF_FILE | MAPPING_SHARED) ? PAGE_OF_FILE : 0)
                           : 0;
    return true;
}

enum page_use {
    PAGE_SKIP,
    PAGE_READ,
    PAGE_COPY,
};

static enum page_use use_of(const struct maps *maps, const struct mapping *mapping, uint64_t page)
{
    if ((page & (PAGE_PRESENT | PAGE_SWAPPED)) == 0)
        return PAGE_SKIP;
    if ((mapping->flags & MAPPING_SHARED) != 0)
        return PAGE_COPY;
    if ((page & PAGE_OF_FILE) != 0)
        return maps->pagemap < 0 && (mapping->flags & MAPPING_WRITABLE) != 0 ? PAGE_COPY : PAGE_SKIP;
    return maps->copies ? PAGE_COPY : PAGE_READ;
}

struct reading {
    struct maps *maps;
    maps_words *words;
    void *context;
};

/* By the kernel. What it cannot copy is left out, a page at a time. */
static void copy(const struct reading *reading, struct range range)
{
    struct maps *maps = reading->maps;

    while (range.start < range.end) {
        size_t len = range.end - range.start < COPY_BYTES ? range.end - range.start : COPY_BYTES;
        struct iovec to = {.iov_base = maps->buffer, .iov_len = len};
        struct iovec from = {.iov_base = (void *)range.start, .iov_len = len};
        long n = sys_call6(SYS_process_vm_readv, sys_getpid(), (long)&to, 1, (long)&from, 1, 0);

        if (n > 0) {
            reading->words(maps->buffer, (size_t)n / sizeof(uint64_t), range.start, reading->context);
            maps->bytes += (size_t)n;
        }
        range.start = n > 0 ? range.start + (size_t)n : (range.start & ~(PAGE - 1)) + PAGE;
    }
}

static void use(const struct reading *reading, enum page_use how, struct range range)
{
    if (how == PAGE_READ) {
        reading->words((const uint64_t *)range.start, (range.end - range.start) / sizeof(uint64_t), range.start,
                       reading->context);
        reading->maps->bytes += range.end - range.start;
    }
    if (how == PAGE_COPY)
        copy(reading, range);
}

/* At most RUN_PAGES pages, of one mapping. */
static void read_pages(const struct reading *reading, const struct mapping *mapping, struct range range)
{
    uint64_t *pages = (uint64_t *)((char *)reading->maps->buffer + COPY_BYTES);
    uintptr_t page = range.start & ~(PAGE - 1);
    size_t n = (range.end - page + PAGE - 1) / PAGE;
    size_t i = 0;

    if (!look_at_pages(reading->maps, mapping, page, n, pages))
        return;
    while (i < n) {
        enum page_use how = use_of(reading->maps, mapping, pages[i]);
        size_t first = i;
        struct range run;

        while (i < n && use_of(reading->maps, mapping, pages[i]) == how)
            i++;
        run = (struct range){page + first * PAGE, page + i * PAGE};
        run.start = run.start < range.start ? range.start : run.start;
        run.end = run.end > range.end ? range.end : run.end;
        use(reading, how, run);
    }
}

static bool lies_still(const struct maps *maps, const struct mapping *mapping)
{
    return !maps->copies && (mapping->flags & (MAPPING_SHARED | MAPPING_OF_FILE)) == 0;
}

/* PAGEMAP_SCAN of Linux 6.7 and later. */
struct scan_region {
    uint64_t start, end, categories;
};

struct scan_arguments {
    uint64_t size, flags, start, end, walk_end;
    uint64_t regions, n_regions, max_pages;
    uint64_t inverted, wanted_all, wanted_any, told;
};

#define SCAN_REQUEST 0xc0606610ul
#define SCAN_PRESENT (1ul << 3)
#define SCAN_SWAPPED (1ul << 4)
#define SCAN_WORTH (64ul << 20)

/* Where the first page that is there begins; the end of the range if there is none. Not asked for what is small. */
static uintptr_t skip_nothing(struct maps *maps, struct range range)
{
    struct scan_region region;
    struct scan_arguments scan = {
        .size = sizeof(scan),
        .start = range.start & ~(PAGE - 1),
        .end = (range.end + PAGE - 1) & ~(PAGE - 1),
        .regions = (uintptr_t)&region,
        .n_regions = 1,
        .max_pages = 1,
        .wanted_any = SCAN_PRESENT | SCAN_SWAPPED,
        .told = SCAN_PRESENT,
    };
    long n;

    if (range.end - range.start < SCAN_WORTH || !maps->has_scan || maps->pagemap < 0)
        return range.start;
    n = SYS_CALL(SYS_ioctl, maps->pagemap, SCAN_REQUEST, &scan, 0);
    maps->has_scan = n >= 0;
    if (n < 0)
        return range.start;
    if (n == 0)
        return range.end;
    return region.start > range.start ? region.start : range.start;
}

static void read_in(const struct reading *reading, const struct mapping *mapping, struct range range)
{
    if (lies_still(reading->maps, mapping)) {
        reading->maps->recent = mapping->range;
        if (range.end - range.start <= MAPS_SMALL) {
            use(reading, PAGE_READ, range);
            return;
        }
    }
    while (range.start < range.end && !maps_is_late(reading->maps)) {
        uintptr_t end;

        range.start = skip_nothing(reading->maps, range);
        end = (range.start & ~(PAGE - 1)) + RUN_PAGES * PAGE;
        struct range part = {range.start, end < range.end ? end : range.end};

        read_pages(reading, mapping, part);
        range.start = part.end;
    }
}

void maps_read(struct maps *maps, struct range range, maps_words *words, void *context)
{
    const struct reading reading = {.maps = maps, .words = words, .context = context};

    range.start = (range.start + 7) & ~7ul;
    range.end &= ~7ul;
    for (size_t i = index_of(maps, range.start); i < maps->count && maps->items[i].range.start < range.end; i++) {
        struct range part = maps->items[i].range;

        part.start = part.start < range.start ? range.start : part.start;
        part.end = part.end > range.end ? range.end : part.end;
        if (part.start < part.end)
            read_in(&reading, &maps->items[i], part);
    }
}

static void note_word(const uint64_t *words, size_t n, uintptr_t addr, void *context)
{
    (void)n, (void)addr;
    **(const uint64_t ***)context = words;
}

bool maps_word(struct maps *maps, uintptr_t addr, uint64_t *ret_word)
{
    const uint64_t *found = NULL, **at = &found;

    maps_read(maps, (struct range){addr, addr + sizeof(*ret_word)}, note_word, &at);
    if (found != NULL)
        *ret_word = *found;
    return found != NULL;
}
