/* converts ROUNDS: lets iconv_open() load two converters by turns, NARROW and WIDE, and in between lets it unload what it has
   not used for some time. Prints how often a converter lay where the other one had lain. */
#include "specimen.h"

#include <iconv.h>
#include <link.h>
#include <string.h>

struct search {
    const char *name;
    unsigned long bias; /* 0: it is not loaded */
};

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;

    (void)size;
    if (strstr(info->dlpi_name, search->name) != NULL)
        search->bias = info->dlpi_addr;
    return 0;
}

static unsigned long place_of(const char *name)
{
    struct search search = {.name = name};

    dl_iterate_phdr(look_at, &search);
    return search.bias;
}

SITE void opens_converter(const char *charset)
{
    iconv_t converter = iconv_open(charset, "UTF-8");

    MUST(converter != (iconv_t)-1 && iconv_close(converter) == 0);
}

int main(int argc, char **argv)
{
    static const char *const charsets[] = {"NARROW//", "WIDE//"}, *const files[] = {"frames_narrow.so", "frames_wide.so"};
    unsigned long last = 0;
    unsigned same = 0;

    MUST(argc == 2);
    for (int i = 0; i < atoi(argv[1]); i++) {
        unsigned long place;

        opens_converter(charsets[i % 2]);
        place = place_of(files[i % 2]);
        same += place == last;
        last = place;
        for (int other = 0; other < 4; other++)
            opens_converter("UTF-16//");
    }
    printf("same place %u\n", same);
    return 0;
}
