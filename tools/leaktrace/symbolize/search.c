/* The finder of files. Owns nothing; called by module.c. */
#include "symbolize/search.h"

#include "base/text.h"
#include "common.h"
#include "symbolize/debuginfod.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define DEBUG_FOLDER "/usr/lib/debug"
#define BUILD_ID_HEX_MAX 129

/* One search: what it is for, and what it has found. */
struct hunt {
    const struct search *search;
    const struct search_module *module;
    const char *link;   /* the name in .gnu_debuglink, without folders; NULL: none */
    GElf_Word checksum; /* of the file that it names */
    struct search_file found;
};

void search_close(struct search_file *file)
{
    if (file->fd < 0)
        return;
    elf_end(file->elf);
    close(file->fd);
    free(file->path);
    *file = (struct search_file)SEARCH_CLOSED;
}

/* Opens an ELF file for 64 bits; false when the path, which it takes over, leads to none. */
static bool open_elf(char *path, int fd, struct search_file *ret_file)
{
    struct search_file file = {.fd = fd, .path = path};
    struct stat st;

    if (fd < 0) {
        free(path);
        return false;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        file.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (file.elf != NULL && elf_kind(file.elf) == ELF_K_ELF && gelf_getclass(file.elf) == ELFCLASS64) {
        *ret_file = file;
        return true;
    }
    search_close(&file);
    return false;
}

static const char *build_id_of(Elf *elf, char buf[BUILD_ID_HEX_MAX])
{
    struct text text = {.buf = buf, .size = BUILD_ID_HEX_MAX};
    const void *id;
    ssize_t len = dwelf_elf_gnu_build_id(elf, &id);

    buf[0] = '\0';
    if (len > 0 && (size_t)len < BUILD_ID_HEX_MAX / 2)
        text_add_hex_bytes(&text, id, (size_t)len);
    return buf;
}

/* The checksum of a whole file, as debug links have it. */
static bool has_checksum(const struct search_file *file, GElf_Word checksum)
{
    size_t size;
    const char *bytes = elf_rawfile(file->elf, &size);

    return bytes != NULL && crc32_z(0, (const unsigned char *)bytes, size) == checksum;
}

/* Whether a file is of the module's build; a line says so when it is not. */
static bool is_right(const struct hunt *hunt, const struct search_file *file, bool is_debug)
{
    const char *wanted = hunt->module->build_id;
    char buf[BUILD_ID_HEX_MAX];
    const char *has = build_id_of(file->elf, buf);

    if (wanted[0] != '\0' || has[0] != '\0') {
        if (strcmp(has, wanted) == 0)
            return true;
        complain("%s is not used: it is another build than %s in the dump (its build id is %s, not %s)", file->path,
                 hunt->module->path, has[0] == '\0' ? "none" : has, wanted[0] == '\0' ? "none" : wanted);
        return false;
    }
    if (!is_debug || has_checksum(file, hunt->checksum))
        return true;
    complain("%s is not used: its checksum is not the one that %s names", file->path, hunt->module->path);
    return false;
}

/* Tries a file, whose name (malloc'ed) it takes over. */
static bool try_path(struct hunt *hunt, char *path, bool is_debug)
{
    struct search_file file;

    /* A pipe of that name must not wait for its other end. */
    if (!open_elf(path, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), &file))
        return false;
    if (!is_right(hunt, &file, is_debug)) {
        search_close(&file);
        return false;
    }
    hunt->found = file;
    return true;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* By build id in a folder that is laid out as /usr/lib/debug, or is the .build-id of one, or is flat. */
static bool try_build_id(struct hunt *hunt, const char *folder, const char *suffix)
{
    static const char *const layouts[] = {".build-id/", ""};
    const char *id = hunt->module->build_id;

    if (strlen(id) < 4)
        return false;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (try_path(hunt, must_format("%s/%s%.2s/%s%s", folder, layouts[i], id, id + 2, suffix), suffix[0] != '\0'))
            return true;
    return try_path(hunt, must_format("%s/%s%s", folder, id, suffix), suffix[0] != '\0');
}

bool search_own(const struct search *search, const struct search_module *module, struct search_file *ret_file)
{
    struct hunt hunt = {.search = search, .module = module, .found = SEARCH_CLOSED};
    bool found = false;

    for (size_t i = 0; i < search->n_folders && !found; i++) {
        const char *folder = search->folders[i];

        found = try_path(&hunt, must_format("%s/%s", folder, module->path), false) ||
                try_path(&hunt, must_format("%s/%s", folder, base_name(module->path)), false) ||
                try_build_id(&hunt, folder, "");
    }
    if (!found)
        found = try_path(&hunt, must_format("%s", module->path), false);
    if (found)
        *ret_file = hunt.found;
    return found;
}

/* By name, in a folder that holds debug files: beside each other, or in folders as the modules are. */
static bool try_names(struct hunt *hunt, const char *folder)
{
    const char *path = hunt->module->path, *base = base_name(path);
    char *usual = must_format("%s.debug", base);
    bool is_usual = hunt->link == NULL || strcmp(hunt->link, usual) == 0;
    bool found = false;

    if (!is_usual)
        found = try_path(hunt, must_format("%s/%.*s%s", folder, (int)(base - path), path, hunt->link), true) ||
                try_path(hunt, must_format("%s/%s", folder, hunt->link), true);
    if (!found)
        found = try_path(hunt, must_format("%s/%s%s", folder, path, ".debug"), true) ||
                try_path(hunt, must_format("%s/%s", folder, usual), true);
    free(usual);
    return found;
}

/* By the debug link: beside the module, and where the system has its debug files. */
static bool try_link(struct hunt *hunt)
{
    static const struct {
        const char *before, *behind;
    } layouts[] = {{"", ""}, {"", ".debug/"}, {DEBUG_FOLDER, ""}};
    const char *path = hunt->module->path;
    int folder_len = (int)(base_name(path) - path);

    if (hunt->link == NULL)
        return false;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (try_path(hunt, must_format("%s%.*s%s%s", layouts[i].before, folder_len, path, layouts[i].behind, hunt->link), true))
            return true;
    return false;
}

static bool try_debuginfod(struct hunt *hunt)
{
    char *path;
    int fd;

    if (!hunt->search->debuginfod || hunt->module->build_id[0] == '\0')
        return false;
    fd = debuginfod_fetch(hunt->module->build_id, &path);
    if (fd < 0 || !open_elf(path, fd, &hunt->found))
        return false;
    if (is_right(hunt, &hunt->found, true))
        return true;
    search_close(&hunt->found);
    return false;
}

bool search_debug(const struct search *search, const struct search_module *module, const struct search_file *own,
                  struct search_file *ret_file)
{
    struct hunt hunt = {.search = search, .module = module, .found = SEARCH_CLOSED};
    bool found = false;

    if (own->fd >= 0)
        hunt.link = dwelf_elf_gnu_debuglink(own->elf, &hunt.checksum);
    if (hunt.link != NULL && (hunt.link[0] == '\0' || strchr(hunt.link, '/') != NULL))
        hunt.link = NULL;
    for (size_t i = 0; i < search->n_folders && !found; i++)
        found = try_build_id(&hunt, search->folders[i], ".debug") || try_names(&hunt, search->folders[i]);
    found = found || try_build_id(&hunt, DEBUG_FOLDER, ".debug") || try_link(&hunt) || try_debuginfod(&hunt);
    if (found)
        *ret_file = hunt.found;
    return found;
}

bool search_shared(const struct search *search, const struct search_module *shared, const char *path,
                   struct search_file *ret_file)
{
    struct hunt hunt = {.search = search, .module = shared, .found = SEARCH_CLOSED};
    bool found = false;

    for (size_t i = 0; i < search->n_folders && !found; i++)
        found = try_build_id(&hunt, search->folders[i], ".debug") ||
                try_path(&hunt, must_format("%s/%s", search->folders[i], shared->path), true) ||
                try_path(&hunt, must_format("%s/%s", search->folders[i], base_name(shared->path)), true);
    if (!found)
        found = try_build_id(&hunt, DEBUG_FOLDER, ".debug") ||
                try_path(&hunt,
                         shared->path[0] == '/' ? must_format("%s", shared->path)
                                                : must_format("%.*s%s", (int)(base_name(path) - path), path, shared->path),
                         true) ||
                try_debuginfod(&hunt);
    if (found)
        *ret_file = hunt.found;
    return found;
}
