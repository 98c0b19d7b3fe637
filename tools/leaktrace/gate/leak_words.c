/* Leaks in words. Owns nothing; called by the formats. */
#include "gate/leak.h"

#include "common.h"
#include "view/chain.h"
#include "view/units.h"

const char *const leak_kind_names[LEAK_KIND_MAX] = {"heap", "fd", "thread", "mmap"};
const char *const leak_class_names[LEAK_CLASS_MAX] = {"definite", "indirect", "possible", "reachable",
                                                      "open",     "unjoined", "running",  "growth"};
const char *const leak_baseline_names[LEAK_BASELINE_MAX] = {"new", "known", "more"};

const char *leak_baseline_kind(const struct leak *leak)
{
    static const char *const growth[LEAK_KIND_MAX] = {"heap_growth", "fd_growth", "thread_growth", "mmap_growth"};

    return leak->class == LEAK_GROWTH ? growth[leak->kind] : leak_kind_names[leak->kind];
}

const struct places_frame *leak_headline(const struct leak *leak)
{
    return leak->n_frames == 0 ? NULL : leak->frames[leak->headline];
}

static const char *noun_of(const struct leak *leak)
{
    static const char *const one[LEAK_KIND_MAX] = {"heap block", "descriptor", "thread", "mapping"};
    static const char *const many[LEAK_KIND_MAX] = {"heap blocks", "descriptors", "threads", "mappings"};

    return leak->amount.count == 1 ? one[leak->kind] : many[leak->kind];
}

char *leak_describe(const struct leak *leak)
{
    static const char *const states[LEAK_CLASS_MAX] = {"definitely lost", "indirectly lost", "possibly lost", "still reachable",
                                                       "left open",       "not joined",      "still running", "growing"};
    const char *space = leak->detail[0] == '\0' ? "" : " ";
    struct units_text count_buf, bytes;
    const char *count = units_count(leak->amount.count, &count_buf);

    if (leak->kind != LEAK_HEAP && leak->kind != LEAK_MMAP)
        return must_format("%s %s%s%s %s", count, leak->detail, space, noun_of(leak), states[leak->class]);
    return must_format("%s %s (%s) %s", count, noun_of(leak), units_bytes(leak->amount.bytes, &bytes), states[leak->class]);
}

char *leak_place(const struct leak *leak)
{
    const struct places_frame *frame = leak_headline(leak);

    return frame == NULL ? must_format("an unknown place") : chain_name_frame(frame);
}
