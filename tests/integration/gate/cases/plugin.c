/* What families load: memory of a shared object that comes and goes. Its TLS is dynamic. */
#include "case.h"

static void *volatile in_plugin = (void *)&in_plugin;
static __thread void *volatile in_dynamic_tls;
static __thread char more_tls[8192];

void keep_in_plugin(void *block)
{
    in_plugin = block;
}

void keep_in_dynamic_tls(void *block)
{
    in_dynamic_tls = block;
    more_tls[0] = 1;
}

SITE void site_of_plugin(void)
{
    for (int i = 0; i < 2; i++)
        USE(malloc(100));
}
