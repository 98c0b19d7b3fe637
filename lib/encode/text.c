/*
 * The encoder of text, for eyes and for grep. Owns nothing; called by dump/.
 *
 *   heap_growth profile: inuse_objects/count 3 inuse_space/bytes 96
 *   # a comment
 *   <values> @ <addresses>  <labels>
 *   #	<address>	<function>	<file of the module>
 */
#include "base/sink.h"
#include "base/text.h"
#include "encode/profile.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "store/site_table.h"

#include <string.h>

static void add_values(struct text *line, const struct encode_profile *profile, const struct snapshot_row *row)
{
    for (unsigned i = 0; i < profile->type->n_values; i++) {
        if (i > 0)
            text_add(line, " ");
        text_add_int(line, row->values[profile->type->first_value + i]);
    }
}

/* What comes from outside stays on its line. */
static void add_foreign(struct text *line, const char *text)
{
    text_add_clean(line, text, strlen(text));
}

static int write_line(struct sink *sink, struct text *line)
{
    int result;

    if (line->len > line->size - 2)
        line->len = line->size - 2;
    text_add(line, "\n");
    result = sink_write(sink, line->buf, line->len);
    line->len = 0;
    return result;
}

static int write_frame(struct sink *sink, uintptr_t pc, const struct location *location)
{
    char buf[2048];
    struct text line = TEXT_ON(buf);

    text_format(&line, "#\t0x%lx\t%s\t", pc, location == NULL || location->function == NULL ? "?" : location->function);
    add_foreign(&line, location == NULL || location->module == NULL ? "?" : location->module->path);
    return write_line(sink, &line);
}

static void add_label(struct text *line, const struct snapshot_label *label, uint32_t epoch)
{
    const char *value = locations_label(label, epoch);

    if (value == NULL)
        return;
    text_format(line, " %s=", label->key);
    add_foreign(line, value);
}

static int write_row(const struct encode_profile *profile, const struct snapshot_row *row, struct sink *sink)
{
    uintptr_t pcs[SITE_DEPTH_MAX];
    struct stack stack;
    char buf[16384];
    struct text line = TEXT_ON(buf);
    int result;

    site_stack(row->site, pcs, &stack);
    add_values(&line, profile, row);
    text_add(&line, " @");
    for (uint32_t i = 0; i < stack.depth; i++)
        text_format(&line, " 0x%lx", stack.pcs[i]);
    for (unsigned i = 0; i < row->n_labels; i++)
        add_label(&line, &row->labels[i], stack.epoch);
    if (stack.truncated)
        text_add(&line, " truncated");
    result = write_line(sink, &line);
    for (uint32_t i = 0; i < stack.depth && result == 0; i++)
        result = write_frame(sink, stack.pcs[i], locations_find(stack.pcs[i], stack.epoch));
    return result;
}

static int write_head(const struct encode_profile *profile, struct sink *sink)
{
    char buf[8192];
    struct text line = TEXT_ON(buf);
    int result;

    text_format(&line, "%s profile:", profile->type->name);
    for (unsigned i = 0; i < profile->type->n_values; i++) {
        int64_t sum = 0;

        for (const struct snapshot_row *row = profile->rows; row != NULL; row = row->next)
            sum += row->values[profile->type->first_value + i];
        text_format(&line, " %s/%s ", profile->type->values[i].type, profile->type->values[i].unit);
        text_add_int(&line, sum);
    }
    result = write_line(sink, &line);
    for (size_t i = 0; i < profile->n_comments && result == 0; i++) {
        text_add(&line, "# ");
        add_foreign(&line, profile->comments[i]);
        result = write_line(sink, &line);
    }
    return result;
}

int encode_text(const struct encode_profile *profile, struct sink *sink)
{
    int result = write_head(profile, sink);

    for (const struct snapshot_row *row = profile->rows; row != NULL && result == 0; row = row->next)
        if (snapshot_row_is_of(row, profile->type))
            result = write_row(profile, row, sink);
    return result;
}
