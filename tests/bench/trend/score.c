/*
 * Scores the verdicts of `leaktrace trend` on made series of known truth, and prints a table. Exit status 1 when one kind
 * of series falls short.
 *
 *   trend_score [SEEDS [FIRST [LEAST%]]]
 */
#include "made_series.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS 1000
#define FIRST 1000000 /* the method was chosen on seeds below */
#define LEAST 95

/* Prints a row; whether enough of the verdicts are right. */
static int score(enum made_kind kind, uint64_t first, unsigned long seeds, double least)
{
    static struct made_series series;
    unsigned long counts[VERDICT_MAX] = {0};
    struct verdict verdict;
    double right;

    for (unsigned long i = 0; i < seeds; i++) {
        made_series_make(kind, first + i, &series);
        verdict_judge(series.points, series.n, &verdict);
        counts[verdict.kind]++;
    }
    right = 100 * (double)counts[series.truth] / (double)seeds;
    printf("| %-48s | %-12s | %6.1f %% |", made_names[kind], verdict_names[series.truth], right);
    for (size_t i = 0; i < VERDICT_MAX; i++)
        if (counts[i] > 0 && i != series.truth)
            printf(" %lu %s", counts[i], verdict_names[i]);
    printf(" |\n");
    return right >= least;
}

int main(int argc, char **argv)
{
    unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : SEEDS;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : FIRST;
    double least = argc > 3 ? strtod(argv[3], NULL) : LEAST;
    int all = 1;

    if (seeds == 0) {
        fprintf(stderr, "usage: trend_score [SEEDS [FIRST [LEAST%%]]]\n");
        return 2;
    }
    printf("%lu seeds of each kind, from %lu\n\n", seeds, (unsigned long)first);
    printf("| %-48s | %-12s | %8s | otherwise |\n| --- | --- | ---: | --- |\n", "series", "truth", "right");
    for (enum made_kind kind = 0; kind < MADE_MAX; kind++)
        all &= score(kind, first, seeds, least);
    return !all;
}
