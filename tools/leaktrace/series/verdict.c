/* The verdict on a site. Owns nothing; called by trend.c and by tests/bench. */
#include "series/verdict.h"

#include "common.h"
#include "series/load.h"
#include "series/shape.h"
#include "series/statistics.h"
#include "series/swing.h"

#include <math.h>
#include <stdlib.h>

#define PAIRS_MIN 10     /* of dumps of one life: five dumps have as many */
#define POINTS_MAX 96    /* what is left of a long series for what compares all pairs */
#define SURE_Z 3         /* standard deviations */
#define SURE_EVIDENCE 12 /* of a shape over a level, in Bayes' criterion */
#define MATERIAL 2       /* a rise of so many standard deviations of what is beside it */
#define SLOWED_DOWN 0.4  /* the slope at the end as a part of the mean one: less is saturating */
#define HAS_ENDED 0.85   /* of the span: what rises until later has not ended */
#define EXPLAINED 0.8    /* correlation with the load */
#define ALSO_GROWS 0.2   /* of what the load explains: what a site must rise by to be growing beside it */
#define SWINGS_MIN 2

const char *const verdict_names[VERDICT_MAX] = {
    [VERDICT_GROWING] = "growing",   [VERDICT_SATURATING] = "saturating", [VERDICT_UNCLEAR] = "unclear",
    [VERDICT_SAWTOOTH] = "sawtooth", [VERDICT_LOAD] = "follows load",     [VERDICT_STOPPED] = "stopped",
    [VERDICT_FLAT] = "flat",         [VERDICT_FALLING] = "falling",
};

static bool is_constant(const struct statistics_point *points, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (points[i].value != points[0].value)
            return false;
    return true;
}

static size_t count_pairs(const struct statistics_point *points, size_t n)
{
    size_t pairs = 0, end;

    for (size_t start = 0; start < n; start = end) {
        end = statistics_life_end(points, n, start);
        pairs += (end - start) * (end - start - 1) / 2;
    }
    return pairs;
}

/* Too few dumps to tell have a rate nevertheless. */
static void judge_few(struct statistics_point *points, size_t n, struct verdict *verdict)
{
    struct statistics_trend trend;

    statistics_find_trend(points, n, &trend);
    verdict->kind = n > 1 && is_constant(points, n) ? VERDICT_FLAT : VERDICT_UNCLEAR;
    verdict->per_hour = trend.per_hour;
    verdict->z = trend.z;
}

/* When the age that a shape tells was reached; only one life has one such moment. */
static double moment_of_age(const struct statistics_point *points, size_t n, double age)
{
    return points[0].life == points[n - 1].life ? points[0].hours + age : NAN;
}

/* Names a significant rise by its shape. */
static void name_rise(const struct statistics_point *points, size_t n, const struct shape *shape, struct verdict *verdict)
{
    double span = shape_span(points, n), age = shape->at / span;

    verdict->kind = VERDICT_GROWING;
    switch (shape->kind) {
    case SHAPE_SATURATING:
        if (shape->per_hour * span < SLOWED_DOWN * shape->rise)
            verdict->kind = VERDICT_SATURATING;
        verdict->per_hour = shape->per_hour;
        verdict->level = points[n - 1].value + shape->size * exp(-span / shape->at);
        break;
    case SHAPE_ENDED:
    case SHAPE_STEP:
        if (age < HAS_ENDED)
            verdict->kind = VERDICT_STOPPED;
        verdict->since_hours = moment_of_age(points, n, shape->at);
        break;
    case SHAPE_BEGUN:
        verdict->per_hour = shape->per_hour;
        verdict->since_hours = moment_of_age(points, n, shape->at);
        break;
    case SHAPE_LEVEL:
    case SHAPE_STRAIGHT:
    case SHAPE_MAX:
        break;
    }
    if (verdict->kind == VERDICT_STOPPED)
        verdict->per_hour = 0;
}

/* Judges what is left when the load's part is taken away. Returns by how much it rises. */
static double judge_rest(struct statistics_point *points, size_t n, struct verdict *verdict)
{
    struct statistics_trend trend;
    struct shape shape;
    struct swing swing;
    double rise;

    statistics_clean(points, n);
    swing_find(points, n, &swing);
    n = statistics_thin(points, n, POINTS_MAX);
    statistics_find_trend(points, n, &trend);
    shape_fit(points, n, &shape);
    verdict->z = trend.z * sqrt(shape.n_independent / (double)n);
    verdict->kind = VERDICT_FLAT;
    rise = shape.kind == SHAPE_STRAIGHT ? trend.per_hour * shape_span(points, n) : shape.rise;
    if (fabs(rise) < MATERIAL * shape.remains ||
        (fabs(verdict->z) < SURE_Z && !trend.every_pair_rises && shape.evidence < SURE_EVIDENCE))
        rise = 0;
    if (swing.falls >= SWINGS_MIN && swing.rises >= SWINGS_MIN && rise < swing.height) {
        verdict->kind = VERDICT_SAWTOOTH;
        return 0;
    }
    verdict->per_hour = rise == 0 ? 0 : trend.per_hour;
    if (rise < 0)
        verdict->kind = VERDICT_FALLING;
    if (rise > 0)
        name_rise(points, n, &shape, verdict);
    return rise;
}

void verdict_judge(const struct verdict_point *points, size_t n, struct verdict *ret_verdict)
{
    struct verdict verdict = {.kind = VERDICT_FLAT, .since_hours = NAN, .load_correlation = NAN};
    struct statistics_point *rest = must_grow(NULL, n, sizeof(*rest));
    struct load_share share;
    bool is_explained;
    double rise;

    for (size_t i = 0; i < n; i++)
        rest[i] = (struct statistics_point){points[i].hours, points[i].value, points[i].life};
    if (count_pairs(rest, n) < PAIRS_MIN) {
        judge_few(rest, n, &verdict);
    } else if (!is_constant(rest, n)) {
        statistics_clean(rest, n);
        load_find_share(points, rest, n, &share);
        is_explained = share.correlation >= EXPLAINED;
        for (size_t i = 0; i < n && is_explained; i++)
            rest[i].value -= share.per_load * (isnan(points[i].load) ? 0 : points[i].load - share.median);
        rise = judge_rest(rest, n, &verdict);
        verdict.load_correlation = share.correlation;
        if (is_explained && fabs(rise) < ALSO_GROWS * share.per_load * share.range) {
            verdict.kind = VERDICT_LOAD;
            verdict.per_hour = 0;
        }
    }
    free(rest);
    *ret_verdict = verdict;
}
