/*
 * Which of a few shapes a series has: level, straight, saturating, ended, begun, or a step.
 *
 * Each shape is `level + size * g(age)`, with the age in the process' life and a level of its own for each life, fitted
 * by least squares for a grid of its one parameter. They are compared by Bayes' information criterion, for as many
 * independent values as the autocorrelation of what is left leaves.
 */
#ifndef LEAKTRACE_SERIES_SHAPE_H
#define LEAKTRACE_SERIES_SHAPE_H

#include <stddef.h>

struct statistics_point;

enum shape_kind {
    SHAPE_LEVEL,
    SHAPE_STRAIGHT,
    SHAPE_SATURATING, /* 1 - exp(-age / at) */
    SHAPE_ENDED,      /* straight up to `at`, and level from there */
    SHAPE_BEGUN,      /* level up to `at`, and straight from there */
    SHAPE_STEP,       /* one level up to `at`, and another from there */
    SHAPE_MAX,
};

struct shape {
    enum shape_kind kind;
    double at;       /* hours of age */
    double size;     /* of `g` */
    double rise;     /* from the smallest to the largest age */
    double per_hour; /* at the largest age */
    double remains;  /* standard deviation of what the shape leaves */
    double evidence; /* by how much the criterion prefers it to a level; 0 for a level */
    double n_independent;
};

/* The longest life, in hours. */
double shape_span(const struct statistics_point *points, size_t n);
/* The best shape; the straight one unless another is better by far. */
void shape_fit(const struct statistics_point *points, size_t n, struct shape *ret_shape);

#endif
