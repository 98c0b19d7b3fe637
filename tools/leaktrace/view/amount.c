/* Amounts for people. Owns nothing; called by all that prints sites. */
#include "view/amount.h"

#include "profile/kind.h"
#include "view/units.h"

void amount_add_figure(struct line *line, enum line_style style, bool by_bytes, int64_t figure, const char *sign)
{
    struct units_text buf;

    line_add(line, style, "%s%s", figure < 0 ? "" : sign, by_bytes ? units_bytes(figure, &buf) : units_count(figure, &buf));
}

void amount_add(struct line *line, enum line_style style, const struct amount_of *amount, const char *sign)
{
    const char *noun = kind_noun(amount->kind, amount->count);

    if (amount->by_bytes) {
        amount_add_figure(line, style, true, amount->bytes, sign);
        line_add(line, style, " in ");
        amount_add_figure(line, style, false, amount->count, sign);
        line_add(line, style, " %s", noun);
        return;
    }
    amount_add_figure(line, style, false, amount->count, sign);
    line_add(line, style, " %s", noun);
    if (!amount->has_bytes || amount->bytes == 0)
        return;
    line_add(line, style, " (");
    amount_add_figure(line, style, true, amount->bytes, sign);
    line_add(line, style, ")");
}
