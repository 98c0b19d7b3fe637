/* Fitting shapes. Owns nothing; called by verdict.c. */
#include "series/shape.h"

#include "common.h"
#include "series/statistics.h"

#include <math.h>
#include <stdlib.h>

#define GRID 48
#define FAR_BETTER 6 /* in the criterion: what is called strong evidence */
#define PERSISTENCE_MAX 0.9
#define LEAST_REMAINDER 1e-6 /* of the variance: no fit is better than that */

/* A series without its levels: ages, and values from which the mean of their life is taken. */
struct centred {
    double *ages;
    double *values;
    const struct statistics_point *points;
    size_t n;
    size_t n_lives;
    double span;
    double squares; /* of the values */
};

struct fit {
    double size;
    double squares; /* of what is left */
};

static double shape_at(enum shape_kind kind, double at, double age)
{
    switch (kind) {
    case SHAPE_STRAIGHT:
        return age;
    case SHAPE_SATURATING:
        return 1 - exp(-age / at);
    case SHAPE_ENDED:
        return fmin(age, at);
    case SHAPE_BEGUN:
        return fmax(age - at, 0);
    case SHAPE_STEP:
        return age > at;
    case SHAPE_LEVEL:
    case SHAPE_MAX:
        break;
    }
    return 0;
}

static double shape_slope(enum shape_kind kind, double at, double age)
{
    switch (kind) {
    case SHAPE_STRAIGHT:
        return 1;
    case SHAPE_SATURATING:
        return exp(-age / at) / at;
    case SHAPE_ENDED:
        return age < at;
    case SHAPE_BEGUN:
        return age > at;
    case SHAPE_LEVEL:
    case SHAPE_STEP:
    case SHAPE_MAX:
        break;
    }
    return 0;
}

/* Takes the mean of each life from its values. */
static void centre(const struct statistics_point *points, size_t n, double *values)
{
    size_t end;

    for (size_t start = 0; start < n; start = end) {
        double mean = 0;

        end = statistics_life_end(points, n, start);
        for (size_t i = start; i < end; i++)
            mean += values[i] / (double)(end - start);
        for (size_t i = start; i < end; i++)
            values[i] -= mean;
    }
}

static void make_centred(const struct statistics_point *points, size_t n, struct centred *ret_centred)
{
    struct centred centred = {.points = points, .n = n, .span = shape_span(points, n)};
    size_t end;

    centred.ages = must_grow(NULL, n, sizeof(*centred.ages));
    centred.values = must_grow(NULL, n, sizeof(*centred.values));
    for (size_t start = 0; start < n; start = end, centred.n_lives++) {
        end = statistics_life_end(points, n, start);
        for (size_t i = start; i < end; i++) {
            centred.ages[i] = points[i].hours - points[start].hours;
            centred.values[i] = points[i].value;
        }
    }
    centre(points, n, centred.values);
    for (size_t i = 0; i < n; i++)
        centred.squares += centred.values[i] * centred.values[i];
    *ret_centred = centred;
}

/* `scratch` has room for as many numbers as there are points, and then holds the centred shape. */
static struct fit fit_one(const struct centred *centred, enum shape_kind kind, double at, double *scratch)
{
    double with_values = 0, with_itself = 0;
    struct fit fit = {.squares = centred->squares};

    for (size_t i = 0; i < centred->n; i++)
        scratch[i] = shape_at(kind, at, centred->ages[i]);
    centre(centred->points, centred->n, scratch);
    for (size_t i = 0; i < centred->n; i++) {
        with_values += scratch[i] * centred->values[i];
        with_itself += scratch[i] * scratch[i];
    }
    if (with_itself > 0) {
        fit.size = with_values / with_itself;
        fit.squares -= fit.size * with_values;
    }
    fit.squares = fmax(fit.squares, centred->squares * LEAST_REMAINDER);
    return fit;
}

/* The k-th of the values of a shape's parameter that are tried. */
static double grid_at(enum shape_kind kind, size_t k, double span)
{
    if (kind == SHAPE_SATURATING)
        return span / 40 * pow(60, (double)k / (GRID - 1));
    return span * ((double)k + 0.5) / GRID;
}

/* The best fit of a kind that rises. */
static struct shape fit_kind(const struct centred *centred, enum shape_kind kind, double *scratch)
{
    size_t n_grid = kind <= SHAPE_STRAIGHT ? 1 : GRID;
    struct shape best = {.kind = kind, .remains = INFINITY};

    for (size_t k = 0; k < n_grid; k++) {
        double at = grid_at(kind, k, centred->span);
        struct fit fit = fit_one(centred, kind, at, scratch);

        if (kind > SHAPE_STRAIGHT && fit.size <= 0)
            continue;
        if (fit.squares < best.remains) {
            best.at = at;
            best.size = fit.size;
            best.remains = fit.squares;
        }
    }
    return best;
}

/* The autocorrelation of what a shape leaves, from one value to the next: 0 to PERSISTENCE_MAX. */
static double persistence(const struct centred *centred, const struct shape *shape, double *scratch)
{
    double product = 0, squares = 0;

    fit_one(centred, shape->kind, shape->at, scratch);
    for (size_t i = 0; i < centred->n; i++)
        scratch[i] = centred->values[i] - shape->size * scratch[i];
    for (size_t i = 0; i < centred->n; i++) {
        squares += scratch[i] * scratch[i];
        if (i > 0 && centred->points[i].life == centred->points[i - 1].life)
            product += scratch[i] * scratch[i - 1];
    }
    return squares <= 0 ? 0 : fmin(fmax(product / squares, 0), PERSISTENCE_MAX);
}

static double criterion(const struct shape *shape, double n, double n_independent)
{
    /* Beside the levels: nothing, a slope, or a size and where. A step can be anywhere without costing its neighbours. */
    static const double parameters[SHAPE_MAX] = {0, 1, 2, 2, 2, 3};

    return n_independent * log(shape->remains / n) + parameters[shape->kind] * log(n_independent);
}

/* Chooses, and says how sure that is. */
static struct shape choose(const struct centred *centred, const struct shape *shapes, double *scratch)
{
    size_t closest = 0;
    const struct shape *best = &shapes[SHAPE_STRAIGHT], *other = best;
    double n = (double)centred->n, level, independent, rho;
    struct shape chosen;

    for (size_t kind = 0; kind < SHAPE_MAX; kind++)
        if (shapes[kind].remains < shapes[closest].remains)
            closest = kind;
    rho = persistence(centred, &shapes[closest], scratch);
    independent = fmax(n * (1 - rho) / (1 + rho), 3);
    for (size_t kind = SHAPE_STRAIGHT; kind < SHAPE_MAX; kind++)
        if (criterion(&shapes[kind], n, independent) < criterion(other, n, independent))
            other = &shapes[kind];
    if (criterion(best, n, independent) - criterion(other, n, independent) >= FAR_BETTER)
        best = other;
    chosen = *best;
    level = criterion(&shapes[SHAPE_LEVEL], n, independent);
    chosen.evidence = level - criterion(best, n, independent);
    chosen.n_independent = independent;
    return chosen;
}

double shape_span(const struct statistics_point *points, size_t n)
{
    double span = 0;
    size_t end;

    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(points, n, start);
        span = fmax(span, points[end - 1].hours - points[start].hours);
    }
    return span;
}

void shape_fit(const struct statistics_point *points, size_t n, struct shape *ret_shape)
{
    struct shape shapes[SHAPE_MAX], chosen;
    struct centred centred;
    double *scratch = must_grow(NULL, n, sizeof(*scratch));

    make_centred(points, n, &centred);
    for (size_t kind = 0; kind < SHAPE_MAX; kind++)
        shapes[kind] = fit_kind(&centred, (enum shape_kind)kind, scratch);
    chosen = choose(&centred, shapes, scratch);
    chosen.rise = chosen.size * (shape_at(chosen.kind, chosen.at, centred.span) - shape_at(chosen.kind, chosen.at, 0));
    chosen.per_hour = chosen.size * shape_slope(chosen.kind, chosen.at, centred.span);
    chosen.remains = sqrt(chosen.remains / (double)n);
    free(scratch);
    free(centred.ages);
    free(centred.values);
    *ret_shape = chosen;
}
