/* The finder of separate debug files. Owns nothing; called by symbols.c, in leaktrace's own thread. */
#include "snapshot/debug_file.h"

#include "base/text.h"
#include "snapshot/elf_file.h"
#include "snapshot/modules.h"

#include <errno.h>
#include <string.h>

#define DEBUG_FOLDER "/usr/lib/debug"
#define PATH_SIZE 4096
#define LINK_SIZE 256

bool debug_file_has_build_id(const struct elf_file *file, const struct module *module)
{
    uint8_t id[MODULE_BUILD_ID_MAX];
    int len = elf_file_build_id(file, id, sizeof(id));

    return len > 0 && (unsigned)len == module->build_id_len && memcmp(id, module->build_id, (size_t)len) == 0;
}

/* Opens the file of that path, if it is the module's debug file. */
static int try_file(const struct text *path, const struct module *module, struct elf_file *ret_debug)
{
    struct elf_file_symbols symbols;
    int ret = path->cut ? -ENAMETOOLONG : elf_file_open(path->buf, ret_debug);

    if (ret < 0)
        return ret;
    if (debug_file_has_build_id(ret_debug, module) && elf_file_symbols(ret_debug, SHT_SYMTAB, &symbols) == 0)
        return 0;
    elf_file_close(ret_debug);
    return -ENOENT;
}

static int open_by_build_id(const struct module *module, struct elf_file *ret_debug)
{
    char buf[PATH_SIZE] = "";
    struct text path = TEXT_ON(buf);

    text_add(&path, DEBUG_FOLDER "/.build-id/");
    text_add_hex_bytes(&path, module->build_id, 1);
    text_add(&path, "/");
    text_add_hex_bytes(&path, module->build_id + 1, module->build_id_len - 1);
    text_add(&path, ".debug");
    return try_file(&path, module, ret_debug);
}

static int open_by_link(const struct module *module, const struct elf_file *file, struct elf_file *ret_debug)
{
    static const struct {
        const char *before;
        const char *behind;
    } folders[] = {{"", ""}, {"", ".debug/"}, {DEBUG_FOLDER, ""}};
    const char *slash = strrchr(module->path, '/');
    char link[LINK_SIZE], buf[PATH_SIZE];
    int ret = slash == NULL ? -ENOENT : elf_file_debug_link(file, link, sizeof(link));

    if (ret < 0)
        return -ENOENT;
    ret = -ENOENT;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && ret < 0; i++) {
        struct text path = TEXT_ON(buf);

        text_add(&path, folders[i].before);
        text_add_n(&path, module->path, (size_t)(slash + 1 - module->path));
        text_add(&path, folders[i].behind);
        text_add(&path, link);
        ret = try_file(&path, module, ret_debug);
    }
    return ret < 0 ? -ENOENT : 0;
}

int debug_file_open(const struct module *module, const struct elf_file *file, struct elf_file *ret_debug)
{
    if (module->build_id_len == 0)
        return -ENOENT;
    if (open_by_build_id(module, ret_debug) == 0)
        return 0;
    return open_by_link(module, file, ret_debug);
}
