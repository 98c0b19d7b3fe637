/* Names of symbols. Owns nothing; called by symbols.c. */
#include "snapshot/symbol_name.h"

#include "base/text.h"
#include "snapshot/elf_file.h"

#include <string.h>

#define STEP 256

/* Reads the string at `at` of the table's strings; false when it does not end in time. */
static bool read_string(const struct elf_file *file, const struct elf_file_symbols *table, uint64_t at,
                        struct symbol_name *name)
{
    size_t have = 0;

    while (have < sizeof(name->text) && at < table->strings_size) {
        uint64_t left = table->strings_size - at;
        size_t len = have == 0 ? STEP : have;
        const char *end;

        if (len > left)
            len = (size_t)left;
        if (elf_file_read(file, table->strings + at, name->text + have, len) < 0)
            return false;
        end = memchr(name->text + have, '\0', len);
        if (end != NULL) {
            name->len = (size_t)(end - name->text);
            return true;
        }
        at += len;
        have += len;
    }
    return false;
}

size_t symbol_name_read(const struct elf_file *file, const struct elf_file_symbols *table, uint32_t at,
                        struct symbol_name *ret_name)
{
    const char *version;
    size_t len;

    ret_name->at = at;
    ret_name->len = 0;
    if (!read_string(file, table, at, ret_name))
        ret_name->len = 0;
    len = ret_name->len;
    version = memchr(ret_name->text, '@', ret_name->len);
    if (version != NULL)
        ret_name->len = (size_t)(version - ret_name->text);
    if (!text_is_clean(ret_name->text, ret_name->len))
        ret_name->len = 0;
    return len;
}

static size_t underscores(const struct symbol_name *name)
{
    size_t n = 0;

    while (n < name->len && name->text[n] == '_')
        n++;
    return n;
}

bool symbol_name_precedes(const struct symbol_name *a, const struct symbol_name *b)
{
    if (underscores(a) != underscores(b))
        return underscores(a) < underscores(b);
    if (a->len != b->len)
        return a->len < b->len;
    return memcmp(a->text, b->text, a->len) < 0;
}
