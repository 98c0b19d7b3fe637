/* Results of commands. Owns nothing; called by the commands that write files. */
#include "output.h"

#include "common.h"

#include <errno.h>
#include <string.h>

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

FILE *output_open(const char *path)
{
    FILE *out = is_standard(path) ? stdout : fopen(path, "we");

    if (out == NULL)
        complain("%s: %s", path, strerror(errno));
    return out;
}

bool output_close(FILE *out, const char *path)
{
    bool failed;

    /* main() sees to standard output. */
    if (is_standard(path))
        return true;
    errno = 0;
    failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed)
        return true;
    complain("%s: %s", path, strerror(errno == 0 ? EIO : errno));
    return false;
}
