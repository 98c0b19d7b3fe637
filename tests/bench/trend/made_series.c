/* Making series. Owns nothing; called by score.c and by tests/unit/test_verdict.c. */
#include "made_series.h"

#include <math.h>
#include <stdbool.h>

#define DAY 24.0
#define TURN (2 * M_PI)
#define TRAFFIC 1000.0 /* allocations per second, in the mean */

const char *const made_names[MADE_MAX] = {
    [MADE_LEAK_IN_NOISE] = "leak under traffic noise of ten times its slope",
    [MADE_CACHE] = "cache that fills",
    [MADE_SAWTOOTH] = "daily sawtooth",
    [MADE_STEP] = "step",
    [MADE_SLOW_LEAK] = "slow leak of 0.1 % an hour",
    [MADE_TRAFFIC] = "site that follows traffic",
    [MADE_FLAT] = "noise about a level",
    [MADE_FILLS_AND_ENDS] = "straight up, then level",
    [MADE_LEAK_BY_TRAFFIC] = "leak at each request, growing traffic",
    [MADE_LEAK_ON_TRAFFIC] = "leak beside what follows traffic",
    [MADE_BEGINS] = "leak that begins late",
    [MADE_STAIRS] = "leak in stairs",
};

static const enum verdict_kind truths[MADE_MAX] = {
    [MADE_LEAK_IN_NOISE] = VERDICT_GROWING,
    [MADE_CACHE] = VERDICT_SATURATING,
    [MADE_SAWTOOTH] = VERDICT_SAWTOOTH,
    [MADE_STEP] = VERDICT_STOPPED,
    [MADE_SLOW_LEAK] = VERDICT_GROWING,
    [MADE_TRAFFIC] = VERDICT_LOAD,
    [MADE_FLAT] = VERDICT_FLAT,
    [MADE_FILLS_AND_ENDS] = VERDICT_STOPPED,
    [MADE_LEAK_BY_TRAFFIC] = VERDICT_GROWING,
    [MADE_LEAK_ON_TRAFFIC] = VERDICT_GROWING,
    [MADE_BEGINS] = VERDICT_GROWING,
    [MADE_STAIRS] = VERDICT_GROWING,
};

/* One series while it is made. */
struct maker {
    uint64_t random;
    struct made_series *series;
    double span;                         /* hours */
    double interval;                     /* mean, from dump to dump */
    double starts[MADE_POINTS_MAX];      /* of the life of each point, in hours */
    double traffic[MADE_POINTS_MAX];     /* at the moment of each dump, 1 in the mean */
    double requests[MADE_POINTS_MAX];    /* since the start of the life, in hours of mean traffic */
    double days, weeks, growth, flutter; /* of the traffic */
    double phase;
};

/* splitmix64, from 0 to 1. */
static double uniform(struct maker *maker, double from, double to)
{
    uint64_t z = maker->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return from + (to - from) * ((double)((z ^ z >> 31) >> 11) / (double)(1ull << 53));
}

static bool chance(struct maker *maker, double probability)
{
    return uniform(maker, 0, 1) < probability;
}

static double normal(struct maker *maker)
{
    double radius = sqrt(-2 * log(uniform(maker, 1e-12, 1)));

    return radius * cos(TURN * uniform(maker, 0, 1));
}

/* Between the bounds, evenly by ratio. */
static double log_uniform(struct maker *maker, double from, double to)
{
    return exp(uniform(maker, log(from), log(to)));
}

/* When dumps are made: at any time, in the mean every `interval`; restarts leave at least a quarter of the span. */
static void make_times(struct maker *maker, size_t n_restarts)
{
    struct made_series *series = maker->series;
    double at = 0, start = 0, next = INFINITY;
    size_t life = 0;

    if (n_restarts > 0)
        next = maker->span * uniform(maker, 0.25, 0.4);
    for (size_t i = 0; i < series->n; i++) {
        at += maker->interval * (0.2 - 0.8 * log(uniform(maker, 1e-9, 1)));
        if (at > next) {
            start = next;
            life++;
            next = life < n_restarts ? next + maker->span * uniform(maker, 0.25, 0.35) : INFINITY;
        }
        series->points[i] = (struct verdict_point){.hours = at, .life = life};
        maker->starts[i] = start;
    }
}

/* Slow parts of the traffic: days, weeks, and growth over the span. */
static double slow_traffic(const struct maker *maker, double hours)
{
    return 1 + maker->days * sin(TURN * (hours / DAY + maker->phase)) + maker->weeks * sin(TURN * hours / (7 * DAY)) +
           maker->growth * (hours / maker->span - 0.5);
}

/* The traffic at each dump, and what the dump tells of it: its mean since the dump before. */
static void make_traffic(struct maker *maker)
{
    struct made_series *series = maker->series;
    double flutter = 0;

    for (size_t i = 0; i < series->n; i++) {
        struct verdict_point *point = &series->points[i];
        bool is_first = i == 0 || series->points[i - 1].life != point->life;
        double from = is_first ? maker->starts[i] : series->points[i - 1].hours, mean = 0;

        flutter = 0.7 * flutter + maker->flutter * normal(maker);
        for (size_t k = 0; k < 8; k++)
            mean += slow_traffic(maker, from + (point->hours - from) * ((double)k + 0.5) / 8) / 8;
        maker->traffic[i] = fmax(slow_traffic(maker, point->hours) + flutter, 0.05);
        point->load = TRAFFIC * fmax(mean + flutter, 0.05) * (1 + 0.02 * normal(maker));
        maker->requests[i] = (is_first ? 0 : maker->requests[i - 1]) + (point->hours - from) * fmax(mean + flutter, 0.05);
    }
}

static double age_of(const struct maker *maker, size_t at)
{
    return maker->series->points[at].hours - maker->starts[at];
}

static double span_of_points(const struct maker *maker)
{
    return maker->series->points[maker->series->n - 1].hours;
}

/* Noise with the deviation 1: each value for itself, or like the one before. */
static void add_noise(struct maker *maker, double deviation, double persistence)
{
    double noise = normal(maker);

    for (size_t i = 0; i < maker->series->n; i++) {
        noise = persistence * noise + sqrt(1 - persistence * persistence) * normal(maker);
        maker->series->points[i].value += deviation * noise;
    }
}

static void make_leak_in_noise(struct maker *maker)
{
    double slope = log_uniform(maker, 1e3, 1e7), noise = 10 * slope * maker->interval, by_traffic = uniform(maker, 0, 1);
    double deviation = 0, mean = 0;
    size_t n = maker->series->n;

    for (size_t i = 0; i < n; i++)
        mean += maker->traffic[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        deviation += (maker->traffic[i] - mean) * (maker->traffic[i] - mean) / (double)n;
    /* Of the noise, one part is the traffic itself and the rest is not. */
    for (size_t i = 0; i < n; i++)
        maker->series->points[i].value =
            10 * noise + slope * age_of(maker, i) + noise * sqrt(by_traffic) * (maker->traffic[i] - mean) / sqrt(deviation);
    add_noise(maker, noise * sqrt(1 - by_traffic), uniform(maker, 0, 0.5));
}

static void make_cache(struct maker *maker)
{
    double size = log_uniform(maker, 1e5, 1e9), time = maker->span * uniform(maker, 0.08, 0.22), base = uniform(maker, 0, 1);

    for (size_t i = 0; i < maker->series->n; i++)
        maker->series->points[i].value = size * (base + 1 - exp(-age_of(maker, i) / time));
    add_noise(maker, size * uniform(maker, 0.005, 0.03), uniform(maker, 0, 0.5));
}

static void make_sawtooth(struct maker *maker)
{
    double height = log_uniform(maker, 1e5, 1e9), base = uniform(maker, 0, 2), bend = uniform(maker, 0.7, 1.4);

    for (size_t i = 0; i < maker->series->n; i++) {
        double day = maker->series->points[i].hours / DAY + maker->phase;

        maker->series->points[i].value = height * (base + pow(day - floor(day), bend));
    }
    add_noise(maker, height * uniform(maker, 0.01, 0.05), uniform(maker, 0, 0.5));
}

/* Level, another level, and between them straight. */
static void make_ramp(struct maker *maker, double from, double to)
{
    double size = log_uniform(maker, 1e5, 1e9), base = uniform(maker, 0.2, 3), end = span_of_points(maker);

    for (size_t i = 0; i < maker->series->n; i++) {
        double part = (maker->series->points[i].hours / end - from) / (to - from);

        maker->series->points[i].value = size * (base + fmin(fmax(part, 0), 1));
    }
    add_noise(maker, size * uniform(maker, 0.01, 0.08), uniform(maker, 0, 0.5));
}

static void make_slow_leak(struct maker *maker)
{
    double level = log_uniform(maker, 1e6, 1e10);

    for (size_t i = 0; i < maker->series->n; i++)
        maker->series->points[i].value = level * (1 + 0.001 * age_of(maker, i));
    add_noise(maker, level * uniform(maker, 0.002, 0.01), uniform(maker, 0, 0.5));
}

static void make_traffic_follower(struct maker *maker, double base, double leak_by_span)
{
    double size = log_uniform(maker, 1e5, 1e9);

    for (size_t i = 0; i < maker->series->n; i++)
        maker->series->points[i].value = size * (base + maker->traffic[i] + leak_by_span * age_of(maker, i) / maker->span);
    add_noise(maker, size * uniform(maker, 0.01, 0.06), uniform(maker, 0, 0.5));
}

static void make_leak_by_traffic(struct maker *maker)
{
    double each = log_uniform(maker, 1e3, 1e7), base = uniform(maker, 0, 1);

    for (size_t i = 0; i < maker->series->n; i++)
        maker->series->points[i].value = each * (base * maker->span + maker->requests[i]);
    add_noise(maker, each * maker->interval * uniform(maker, 0.5, 3), uniform(maker, 0, 0.5));
}

static void make_stairs(struct maker *maker)
{
    size_t n_stairs = 5 + (size_t)uniform(maker, 0, 40);
    double size = log_uniform(maker, 1e3, 1e6), end = span_of_points(maker), stairs[45];

    for (size_t k = 0; k < n_stairs; k++)
        stairs[k] = end * ((double)k + uniform(maker, 0, 1)) / (double)n_stairs;
    for (size_t i = 0; i < maker->series->n; i++) {
        maker->series->points[i].value = 3 * size;
        for (size_t k = 0; k < n_stairs; k++)
            maker->series->points[i].value += maker->series->points[i].hours >= stairs[k] ? size : 0;
    }
    if (chance(maker, 0.5))
        add_noise(maker, size * uniform(maker, 0, 0.5), 0);
}

/* Now and then a dump falls into a burst: up to three times what is live otherwise. */
static void add_bursts(struct maker *maker)
{
    double probability = uniform(maker, 0, 0.02);

    for (size_t i = 0; i < maker->series->n; i++)
        if (chance(maker, probability))
            maker->series->points[i].value *= uniform(maker, 1, 3);
}

static void make_values(struct maker *maker, enum made_kind kind)
{
    double middle = uniform(maker, 0.25, 0.75), level;

    switch (kind) {
    case MADE_LEAK_IN_NOISE:
        make_leak_in_noise(maker);
        break;
    case MADE_CACHE:
        make_cache(maker);
        break;
    case MADE_SAWTOOTH:
        make_sawtooth(maker);
        break;
    case MADE_STEP:
        make_ramp(maker, middle, middle + 1e-9);
        break;
    case MADE_SLOW_LEAK:
        make_slow_leak(maker);
        break;
    case MADE_TRAFFIC:
        make_traffic_follower(maker, uniform(maker, 0, 1), 0);
        break;
    case MADE_FLAT:
        level = log_uniform(maker, 1e5, 1e9);
        for (size_t i = 0; i < maker->series->n; i++)
            maker->series->points[i].value = level;
        add_noise(maker, level * uniform(maker, 0.002, 0.1), uniform(maker, 0, 0.6));
        break;
    case MADE_FILLS_AND_ENDS:
        make_ramp(maker, 0, middle);
        break;
    case MADE_LEAK_BY_TRAFFIC:
        make_leak_by_traffic(maker);
        break;
    case MADE_LEAK_ON_TRAFFIC:
        make_traffic_follower(maker, uniform(maker, 0, 1), uniform(maker, 1, 3));
        break;
    case MADE_BEGINS:
        make_ramp(maker, middle, 1);
        break;
    case MADE_STAIRS:
        make_stairs(maker);
        break;
    case MADE_MAX:
        break;
    }
}

/* Those that a restart would make another kind of are of one life. */
static bool can_restart(enum made_kind kind)
{
    return kind != MADE_STEP && kind != MADE_FILLS_AND_ENDS && kind != MADE_BEGINS && kind != MADE_STAIRS;
}

void made_series_make(enum made_kind kind, uint64_t seed, struct made_series *ret_series)
{
    struct maker maker = {.random = seed * MADE_MAX + kind, .series = ret_series};
    size_t n_restarts = 0;
    double n;

    ret_series->truth = truths[kind];
    n = floor(log_uniform(&maker, 60, MADE_POINTS_MAX + 0.99));
    ret_series->n = (size_t)n;
    maker.span = DAY * uniform(&maker, 4, 14);
    maker.interval = maker.span / n;
    maker.phase = uniform(&maker, 0, 1);
    maker.days = uniform(&maker, 0.2, 0.5);
    maker.weeks = uniform(&maker, 0, 0.15);
    maker.growth = kind == MADE_TRAFFIC || kind == MADE_LEAK_BY_TRAFFIC ? uniform(&maker, 0, 0.8) : uniform(&maker, -0.1, 0.1);
    maker.flutter = uniform(&maker, 0, 0.1);
    if (can_restart(kind) && chance(&maker, 0.35))
        n_restarts = 1 + chance(&maker, 0.5);
    make_times(&maker, n_restarts);
    make_traffic(&maker);
    make_values(&maker, kind);
    if (chance(&maker, 0.3))
        add_bursts(&maker);
}
