/*
 * The registry of modules. Owns it, in an arena; called by dump/ and, around dlclose, by life/.
 *
 * What is loaded is first listed from the loader into a list of one's own, and then compared with the registry under its lock.
 *
 * The loader's lock is not made free in a child of fork: who has it at that moment leaves it locked there for ever, for the
 * program too. So nobody lists while the process forks; and a child lists only when it has seen, in leaktrace's own thread,
 * that the program has not left it locked either.
 */
#include "snapshot/modules.h"

#include "base/arena.h"
#include "base/lock.h"
#include "base/sys.h"
#include "base/text.h"
#include "store/epoch.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#define PAGE 4096ul
#define HELD_NS 1000000000ll

struct registered {
    struct module module;
    struct registered *next;
    bool seen; /* in the last listing: not unloaded */
    bool told; /* that it has gone */
};

static struct {
    struct lock loader; /* held while the loader is asked, and over a fork */
    bool forking;       /* the forking thread has it */
    bool frozen;        /* the loader must not be asked */
    int64_t asking_since_ns; /* CLOCK_MONOTONIC; 0: it is not being asked */
    struct lock lock;
    struct arena arena;
    struct registered *first;
    modules_gone *gone;
    struct arena_chunk *spare; /* for the next listing: it is wanted also when there is no memory left */
} registry = {.loader = LOCK_INIT(LOCK_RANK_LOADER), .lock = LOCK_INIT(LOCK_RANK_MODULE)};

struct listing {
    struct arena arena;
    struct registered *first;
    bool failed;
};

/* The loader's name of the program is empty; names of plugins may be relative to the folder of the moment. */
__attribute__((noinline)) static const char *find_path(struct listing *listing, const char *name)
{
    char buf[4096];
    struct text text = TEXT_ON(buf);
    ssize_t len;

    len = sys_readlink(name[0] == '\0' ? "/proc/thread-self/exe" : "/proc/thread-self/cwd", buf, sizeof(buf) - 1);
    text.len = len < 0 ? 0 : (size_t)len;
    buf[text.len] = '\0';
    if (name[0] != '\0')
        text_format(&text, "/%s", name);
    return arena_strndup(&listing->arena, buf, text.len);
}

/* Most names are whole, and take no room on a stack that may be small. */
static const char *path_of(struct listing *listing, const char *name)
{
    if (strstr(name, "linux-vdso") != NULL || strstr(name, "linux-gate") != NULL)
        return "[vdso]";
    return name[0] == '/' ? arena_strndup(&listing->arena, name, strlen(name)) : find_path(listing, name);
}

static void add_segment(struct module *module, const ElfW(Phdr) * phdr)
{
    uintptr_t start = (module->bias + phdr->p_vaddr) & ~(PAGE - 1);
    uintptr_t limit = (module->bias + phdr->p_vaddr + phdr->p_memsz + PAGE - 1) & ~(PAGE - 1);

    if ((phdr->p_flags & PF_X) == 0 || module->n_segments == MODULE_SEGMENTS_MAX)
        return;
    module->segments[module->n_segments++] = (struct module_segment){
        .start = start,
        .limit = limit,
        .file_offset = phdr->p_offset & ~(PAGE - 1),
    };
}

static void read_build_id(struct module *module, const ElfW(Phdr) * phdr)
{
    const char *at = (const char *)(module->bias + phdr->p_vaddr);
    const char *end = at + phdr->p_memsz;

    while (at + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
        const char *name = at + sizeof(*note);
        const char *desc = name + ((note->n_namesz + 3) & ~3u);

        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
            note->n_descsz <= MODULE_BUILD_ID_MAX && desc + note->n_descsz <= end) {
            memcpy(module->build_id, desc, note->n_descsz);
            module->build_id_len = note->n_descsz;
            return;
        }
        at = desc + ((note->n_descsz + 3) & ~3u);
    }
}

static int list_module(struct dl_phdr_info *info, size_t size, void *context)
{
    struct listing *listing = context;
    struct registered *entry = arena_alloc(&listing->arena, sizeof(*entry));

    (void)size;
    if (entry == NULL) {
        listing->failed = true;
        return 1;
    }
    entry->module.bias = info->dlpi_addr;
    entry->module.unloaded = UINT32_MAX;
    entry->module.path = path_of(listing, info->dlpi_name);
    entry->module.is_program = info->dlpi_name[0] == '\0';
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            add_segment(&entry->module, &info->dlpi_phdr[i]);
        if (info->dlpi_phdr[i].p_type == PT_NOTE && entry->module.build_id_len == 0)
            read_build_id(&entry->module, &info->dlpi_phdr[i]);
    }
    if (entry->module.path == NULL)
        listing->failed = true;
    entry->next = listing->first;
    listing->first = entry;
    return 0;
}

/* The path counts only without a build id: that of a program whose file was replaced reads "... (deleted)" from then on. */
static bool same_module(const struct module *a, const struct module *b)
{
    return a->bias == b->bias && a->n_segments == b->n_segments && a->build_id_len == b->build_id_len &&
           memcmp(a->build_id, b->build_id, a->build_id_len) == 0 &&
           (a->build_id_len != 0 || strcmp(a->path, b->path) == 0);
}

/* The module's entry, also when it was unloaded and has come back to the same place. */
static struct registered *find_known(const struct module *module)
{
    struct registered *entry = registry.first;

    while (entry != NULL && (entry->module.unloaded != UINT32_MAX || !same_module(&entry->module, module)))
        entry = entry->next;
    return entry;
}

static bool overlap(const struct module *a, const struct module *b)
{
    for (unsigned i = 0; i < a->n_segments; i++)
        for (unsigned j = 0; j < b->n_segments; j++)
            if (a->segments[i].start < b->segments[j].limit && b->segments[j].start < a->segments[i].limit)
                return true;
    return false;
}

static bool has_address(const struct module *module, uintptr_t pc)
{
    for (unsigned i = 0; i < module->n_segments; i++)
        if (pc >= module->segments[i].start && pc < module->segments[i].limit)
            return true;
    return false;
}

/* A module has come to where others were: from a new epoch on the addresses are its own. */
static uint32_t retire_overlapped(const struct module *module)
{
    uint32_t epoch = epoch_module();
    bool bumped = false;

    for (struct registered *entry = registry.first; entry != NULL; entry = entry->next) {
        if (entry->module.unloaded != UINT32_MAX || !overlap(&entry->module, module))
            continue;
        if (!bumped)
            epoch = epoch_next_module();
        bumped = true;
        entry->module.unloaded = epoch;
    }
    return bumped ? epoch : 0;
}

static int add_module(const struct module *module)
{
    struct registered *entry = arena_alloc(&registry.arena, sizeof(*entry));
    const char *path = arena_strndup(&registry.arena, module->path, strlen(module->path));

    if (entry == NULL || path == NULL)
        return -ENOMEM;
    *entry = (struct registered){.module = *module, .next = registry.first, .seen = true};
    entry->module.path = path;
    entry->module.loaded = retire_overlapped(module);
    __atomic_store_n(&registry.first, entry, __ATOMIC_RELEASE);
    return 0;
}

/* Once for each time that a module goes: its addresses may be another one's soon. */
static void tell_gone(void)
{
    for (struct registered *entry = registry.first; entry != NULL; entry = entry->next) {
        for (unsigned i = 0; !entry->seen && !entry->told && registry.gone != NULL && i < entry->module.n_segments; i++)
            registry.gone(entry->module.segments[i].start, entry->module.segments[i].limit);
        entry->told = !entry->seen;
    }
}

static int merge(const struct listing *listing)
{
    int result = 0;

    for (struct registered *entry = registry.first; entry != NULL; entry = entry->next)
        entry->seen = false;
    for (const struct registered *entry = listing->first; entry != NULL; entry = entry->next) {
        struct registered *known = find_known(&entry->module);

        if (known != NULL)
            known->seen = true;
    }
    tell_gone();
    for (const struct registered *entry = listing->first; entry != NULL && result == 0; entry = entry->next)
        if (find_known(&entry->module) == NULL)
            result = add_module(&entry->module);
    return result;
}

void modules_set_gone(modules_gone *gone)
{
    registry.gone = gone;
}

int modules_refresh(void)
{
    struct listing listing = {0};
    struct arena unused = {0};
    int result = -ENOMEM;

    if (modules_are_frozen() || !lock_acquire(&registry.loader))
        return 0;
    listing.arena.chunks = __atomic_exchange_n(&registry.spare, NULL, __ATOMIC_ACQ_REL);
    __atomic_store_n(&registry.asking_since_ns, sys_monotonic_ns(), __ATOMIC_RELEASE);
    dl_iterate_phdr(list_module, &listing);
    __atomic_store_n(&registry.asking_since_ns, 0, __ATOMIC_RELEASE);
    lock_release(&registry.loader);
    if (!listing.failed && lock_acquire(&registry.lock)) {
        result = merge(&listing);
        lock_release(&registry.lock);
    }
    arena_clear(&listing.arena);
    unused.chunks = __atomic_exchange_n(&registry.spare, listing.arena.chunks, __ATOMIC_ACQ_REL);
    arena_release(&unused);
    return result;
}

/* Of the modules that were in the last listing, none: a hint, for the list may be in the middle of a change. */
static bool is_place_of_gone(uintptr_t pc)
{
    const struct registered *entry = __atomic_load_n(&registry.first, __ATOMIC_ACQUIRE);

    while (entry != NULL && (entry->seen || entry->module.unloaded != UINT32_MAX || !has_address(&entry->module, pc)))
        entry = entry->next;
    return entry != NULL;
}

/* Takes up one module; the same one that was there before, or another. */
static void take_up(const struct module *module)
{
    struct registered *known;

    if (!lock_acquire(&registry.lock))
        return;
    known = find_known(module);
    if (known != NULL)
        known->seen = true;
    else
        add_module(module);
    lock_release(&registry.lock);
}

void modules_look_at(uintptr_t pc, const struct dl_find_object *object)
{
    const ElfW(Ehdr) *header = object->dlfo_map_start;
    struct dl_phdr_info info = {.dlpi_addr = object->dlfo_link_map->l_addr, .dlpi_name = object->dlfo_link_map->l_name};
    struct listing listing = {0};

    if (!is_place_of_gone(pc) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > PAGE)
        return;
    info.dlpi_phdr = (const ElfW(Phdr) *)((const char *)header + header->e_phoff);
    info.dlpi_phnum = header->e_phnum;
    list_module(&info, sizeof(info), &listing);
    if (!listing.failed)
        take_up(&listing.first->module);
    arena_release(&listing.arena);
}

const struct module *modules_find(uintptr_t pc, uint32_t epoch)
{
    const struct registered *entry = __atomic_load_n(&registry.first, __ATOMIC_ACQUIRE);

    for (; entry != NULL; entry = entry->next)
        if (epoch >= entry->module.loaded && epoch < entry->module.unloaded && has_address(&entry->module, pc))
            return &entry->module;
    return NULL;
}

const struct module *modules_program(void)
{
    const struct registered *entry = __atomic_load_n(&registry.first, __ATOMIC_ACQUIRE);

    while (entry != NULL && !entry->module.is_program)
        entry = entry->next;
    return entry == NULL ? NULL : &entry->module;
}

static int stop_at_once(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)info, (void)size, (void)context;
    return 1;
}

bool modules_loader_is_held(void)
{
    int64_t since = __atomic_load_n(&registry.asking_since_ns, __ATOMIC_ACQUIRE);

    return since != 0 && sys_monotonic_ns() - since > HELD_NS;
}

void modules_probe_loader(void)
{
    if (!modules_are_frozen())
        return;
    dl_iterate_phdr(stop_at_once, NULL);
    __atomic_store_n(&registry.frozen, false, __ATOMIC_RELEASE);
}

bool modules_are_frozen(void)
{
    return __atomic_load_n(&registry.frozen, __ATOMIC_ACQUIRE);
}

void modules_before_fork(void)
{
    registry.forking = lock_acquire(&registry.loader);
}

static void end_fork(void)
{
    bool held = registry.forking;

    registry.forking = false;
    if (held)
        lock_release(&registry.loader);
}

void modules_after_fork_in_parent(void)
{
    end_fork();
}

void modules_after_fork(void)
{
    end_fork();
    lock_reset(&registry.loader);
    lock_reset(&registry.lock);
    registry.frozen = true;
    registry.asking_since_ns = 0;
}
