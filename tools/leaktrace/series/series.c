/* Dumps in the lives of their processes. Owns nothing between calls; called by view/trend.c. */
#include "series/series.h"

#include "common.h"
#include "profile/source.h"
#include "view/progress.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9
#define NS_PER_H 3.6e12
#define CLOCK_JITTER_NS 1e9 /* between the clock of moments and the one of durations */

/* The dumps of one process, from old to new: `n` numbers from `first` on. */
struct life {
    size_t *first;
    size_t n;
    int64_t start_ns;
    int64_t end_ns;
    size_t chain;
};

/* What orders dumps; for qsort_r. */
static int compare_dumps(const void *a, const void *b, void *context)
{
    const struct moment *moments = context;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;

    if (moments[left].pid != moments[right].pid)
        return moments[left].pid < moments[right].pid ? -1 : 1;
    if (moments[left].time_ns != moments[right].time_ns)
        return moments[left].time_ns < moments[right].time_ns ? -1 : 1;
    return (left > right) - (left < right);
}

static int compare_lives(const void *a, const void *b)
{
    const struct life *left = a, *right = b;

    return left->start_ns != right->start_ns ? (left->start_ns > right->start_ns) - (left->start_ns < right->start_ns)
                                             : (left->end_ns > right->end_ns) - (left->end_ns < right->end_ns);
}

/* The kind whose acquisitions are the load: the first that tells of any, which is the heap where it is traced. */
static const struct sites_kind *load_kind(const struct sites *sites)
{
    for (size_t i = 0; i < sites->n_kinds; i++)
        if (sites->kinds[i].has_acquired)
            return &sites->kinds[i];
    return NULL;
}

static int64_t acquired_at(const struct series *series, size_t number)
{
    const struct sites_kind *kind = load_kind(&series->sites);

    return kind == NULL ? 0 : sites_at(&kind->totals, number).acquired;
}

static int64_t start_of(const struct moment *moment)
{
    return moment->time_ns - (moment->duration_ns > 0 ? moment->duration_ns : 0);
}

/* Moments of a file can lie anywhere, so their differences need not fit. */
static bool is_after(int64_t late_ns, int64_t early_ns)
{
    return (double)late_ns - (double)early_ns > CLOCK_JITTER_NS;
}

/* Whether another process with the same number has made the later dump. */
static bool is_restart(const struct series *series, size_t earlier, size_t later)
{
    const struct moment *before = &series->moments[earlier], *after = &series->moments[later];

    if (before->pid != after->pid)
        return true;
    if (after->duration_ns > 0)
        return is_after(start_of(after), before->time_ns);
    return acquired_at(series, later) < acquired_at(series, earlier);
}

/* Cuts ordered dumps into lives; malloc'ed. */
static struct life *find_lives(const struct series *series, size_t *numbers, size_t n, size_t *ret_n)
{
    struct life *lives = must_grow(NULL, n, sizeof(*lives));
    size_t n_lives = 0;

    for (size_t i = 0; i < n; i++) {
        const struct moment *moment = &series->moments[numbers[i]];

        if (i == 0 || is_restart(series, numbers[i - 1], numbers[i]))
            lives[n_lives++] = (struct life){.first = &numbers[i], .start_ns = start_of(moment)};
        lives[n_lives - 1].n++;
        lives[n_lives - 1].end_ns = moment->time_ns;
    }
    *ret_n = n_lives;
    return lives;
}

/* Gives each life, in the order of their starts, to the chain that has ended last before it, or to a new one. Returns the
   number of chains. */
static size_t assign_chains(struct life *lives, size_t n)
{
    int64_t *ends = must_grow(NULL, n, sizeof(*ends));
    size_t n_chains = 0;

    for (size_t i = 0; i < n; i++) {
        size_t best = n_chains;

        for (size_t j = 0; j < n_chains; j++)
            if (!is_after(ends[j], lives[i].start_ns) && (best == n_chains || ends[j] > ends[best]))
                best = j;
        n_chains += best == n_chains;
        ends[best] = lives[i].end_ns;
        lives[i].chain = best;
    }
    free(ends);
    return n_chains;
}

/* Appends a life to its chain. */
static void append_life(const struct series *series, const struct life *life, struct series_chain *chain)
{
    struct series_dump *dumps = chain->dumps = must_grow(chain->dumps, chain->n_dumps + life->n, sizeof(*chain->dumps));
    int64_t before_ns = life->start_ns, acquired = 0, first_ns;

    for (size_t i = 0; i < life->n; i++) {
        size_t number = life->first[i];
        int64_t now_ns = series->moments[number].time_ns, now_acquired = acquired_at(series, number);
        double seconds = ((double)now_ns - (double)before_ns) / NS_PER_S;

        first_ns = chain->n_dumps == 0 ? now_ns : series->moments[dumps[0].number].time_ns;
        dumps[chain->n_dumps++] = (struct series_dump){
            .number = number,
            .life = chain->n_lives,
            .hours = ((double)now_ns - (double)first_ns) / NS_PER_H,
            .load = seconds <= 0 || load_kind(&series->sites) == NULL ? NAN : (double)(now_acquired - acquired) / seconds,
        };
        before_ns = now_ns;
        acquired = now_acquired;
    }
    chain->n_lives++;
}

/* The numbers of the dumps that can be put in order, each moment of a process once; malloc'ed. */
static size_t *order_dumps(const struct series *series, size_t *ret_n)
{
    size_t *numbers = must_grow(NULL, series->n_moments, sizeof(*numbers)), n = 0, kept = 0;

    for (size_t i = 0; i < series->n_moments; i++)
        if (series->moments[i].time_ns > 0)
            numbers[n++] = i;
    if (n > 0)
        qsort_r(numbers, n, sizeof(*numbers), compare_dumps, series->moments);
    for (size_t i = 0; i < n; i++) {
        const struct moment *last = kept == 0 ? NULL : &series->moments[numbers[kept - 1]];
        const struct moment *moment = &series->moments[numbers[i]];

        if (last == NULL || last->pid != moment->pid || last->time_ns != moment->time_ns)
            numbers[kept++] = numbers[i];
    }
    *ret_n = kept;
    return numbers;
}

void series_assemble(struct series *series)
{
    size_t n, n_lives, *numbers;
    struct life *lives;

    sites_settle(&series->sites, series->n_moments);
    numbers = order_dumps(series, &n);
    lives = find_lives(series, numbers, n, &n_lives);
    if (n_lives > 0)
        qsort(lives, n_lives, sizeof(*lives), compare_lives);
    series->n_chains = assign_chains(lives, n_lives);
    series->chains = must_grow(NULL, series->n_chains, sizeof(*series->chains));
    memset(series->chains, 0, series->n_chains * sizeof(*series->chains));
    for (size_t i = 0; i < n_lives; i++)
        append_life(series, &lives[i], &series->chains[lives[i].chain]);
    free(lives);
    free(numbers);
}

unsigned series_build(const struct source_set *const *sets, size_t n_sets, struct progress *progress, struct series *ret_series)
{
    struct series *series = ret_series;
    unsigned failures = 0;

    *series = (struct series){.n_moments = n_sets, .moments = must_grow(NULL, n_sets, sizeof(*series->moments))};
    for (size_t i = 0; i < n_sets; i++) {
        unsigned unreadable = moment_read(sets[i], NULL, &series->sites, i, &series->moments[i]);

        if (unreadable == 0 && series->moments[i].time_ns <= 0 && series->moments[i].n_profiles > 0) {
            complain("%s: it does not say when it was made", sets[i]->files[0].path);
            unreadable = 1;
        }
        failures += unreadable;
        progress_show(progress, i + 1, n_sets);
    }
    series_assemble(series);
    return failures;
}

void series_release(struct series *series)
{
    for (size_t i = 0; i < series->n_chains; i++)
        free(series->chains[i].dumps);
    free(series->chains);
    free(series->moments);
    sites_release(&series->sites);
    *series = (struct series){.n_moments = 0};
}
