/* Names that are none. Owns nothing; called by symbolize.c and symbol_table.c. */
#include "symbolize/label.h"

#include <string.h>

bool label_is(const char *name, const char *module)
{
    const char *slash = strrchr(module, '/'), *base = slash == NULL ? module : slash + 1;
    size_t len = strlen(base);

    if (name[0] == '\0')
        return true;
    if (strncmp(name, base, len) != 0 || strncmp(name + len, "+0x", 3) != 0)
        return false;
    name += len + 3;
    return name[0] != '\0' && name[strspn(name, "0123456789abcdef")] == '\0';
}
