/* What a library is that Python calls: the caller frees what it returns. */
#include <stdlib.h>

void *parse(void)
{
    return malloc(50);
}
