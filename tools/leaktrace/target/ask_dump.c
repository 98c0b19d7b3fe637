/* Asking for a dump. Owns nothing; called by `leaktrace dump` and `leaktrace report`. */
#include "target/ask_dump.h"

#include <stdio.h>
#include <stdlib.h>

int ask_dump(int pid, struct ask_dump *ret_dump, struct text *ret_why)
{
    int ret = target_find(pid, &ret_dump->target, ret_why);

    if (ret == 0)
        ret = target_ask(&ret_dump->target, CONTROL_DUMP, ret_why);
    if (ret == 0)
        snprintf(ret_dump->seq, sizeof(ret_dump->seq), "%04ld", strtol(ret_dump->target.text, NULL, 10));
    return ret;
}
