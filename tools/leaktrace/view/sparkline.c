/* Sparklines. Owns nothing; called by trend_text.c and trend_json.c. */
#include "view/sparkline.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct column {
    double sum;
    size_t n;
    size_t life; /* of its last point */
    bool has_restart;
};

static size_t column_of(const struct sparkline_point *points, size_t n, size_t at, size_t width)
{
    double span = points[n - 1].at - points[0].at;
    size_t column = span <= 0 ? 0 : (size_t)((points[at].at - points[0].at) / span * (double)width);

    return column < width ? column : width - 1;
}

/* While nobody looked, a living process had what it was last seen with. */
static void fill_gaps(struct column *columns, size_t width)
{
    size_t last = 0;

    for (size_t i = 1; i < width; i++) {
        if (columns[i].n == 0)
            continue;
        for (size_t j = last + 1; j < i && columns[i].life == columns[last].life; j++) {
            columns[j] = columns[last];
            columns[j].has_restart = false;
        }
        last = i;
    }
}

void sparkline_draw(const struct sparkline_point *points, size_t n, size_t width, char ret_picture[SPARKLINE_MAX + 1])
{
    static const char levels[] = "_.-~=+*#";
    const double n_levels = sizeof(levels) - 1;
    struct column columns[SPARKLINE_MAX] = {0};
    double lowest = INFINITY, highest = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        struct column *column = &columns[column_of(points, n, i, width)];

        column->sum += points[i].value;
        column->n++;
        column->life = points[i].life;
        column->has_restart |= i > 0 && points[i].life != points[i - 1].life;
    }
    fill_gaps(columns, width);
    for (size_t i = 0; i < width; i++)
        if (columns[i].n > 0) {
            lowest = fmin(lowest, columns[i].sum / (double)columns[i].n);
            highest = fmax(highest, columns[i].sum / (double)columns[i].n);
        }
    for (size_t i = 0; i < width; i++) {
        double part = (columns[i].sum / (double)columns[i].n - lowest) / (highest - lowest);

        ret_picture[i] = columns[i].has_restart ? '|'
                         : columns[i].n == 0    ? ' '
                         : highest <= lowest    ? levels[0]
                                                : levels[(size_t)fmin(part * n_levels, n_levels - 1)];
    }
    ret_picture[width] = '\0';
}
