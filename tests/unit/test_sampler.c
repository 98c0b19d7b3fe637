/* The sampler: held against libm's logarithm and exponential, and against the distributions that theory names. All streams have
   fixed seeds, so that a bound of five standard deviations is met always or never. */
#include "../support/unit.h"

#include "base/sampler.h"

#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define T 4096u
#define GAPS 200000
#define MEAN_GAP 256u
#define SIGMAS 5.0

static bool is_taken(struct sampler *sampler, size_t size)
{
    return !sampler_passes(sampler, size) && sampler_takes_hit(sampler, size);
}

static int end(void **state)
{
    (void)state;
    sampler_set_period(0);
    return 0;
}

/* A sampler that has drawn its first gap, from a seed of its own. */
static struct sampler seeded(uint64_t seed)
{
    struct sampler sampler = {.random = random_next(&seed) | 1};

    sampler.left = sampler_gap(random_next(&seed));
    return sampler;
}

static double chance(double size, double period)
{
    return -expm1(-size / period);
}

/* --- gaps --------------------------------------------------------------------------------------------------------- */

/* Words of all magnitudes, and those near 2^64, where a logarithm is nearly 0. */
static uint64_t some_word(uint64_t *seed, unsigned i)
{
    uint64_t word = random_next(seed);

    return i % 3 == 0 ? word : i % 3 == 1 ? word >> i % 64 : ~(word >> i % 64);
}

static void a_gap_is_the_logarithm_of_its_word(void **state)
{
    static const uint64_t periods[] = {2, 3, 1000, 65536, 524288, 1000003, SAMPLER_PERIOD_MAX - 1, SAMPLER_PERIOD_MAX};
    uint64_t seed = 1;

    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(periods); p++) {
        sampler_set_period(periods[p]);
        for (unsigned i = 0; i < 50000; i++) {
            uint64_t word = some_word(&seed, i);
            long double exact = -logl((long double)(word | 1) / 0x1p64L) * (long double)periods[p];

            assert_true(fabsl((long double)sampler_gap(word) - floorl(exact)) <= 1);
        }
    }
}

static void the_ends_of_the_range_are_finite(void **state)
{
    (void)state;
    sampler_set_period(SAMPLER_PERIOD_MAX);
    assert_int_equal(sampler_gap(UINT64_MAX), 0);
    assert_int_equal(sampler_gap(0), (uint64_t)(64 * logl(2) * 0x1p40L));
    assert_int_equal(sampler_gap(1), sampler_gap(0));
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The gaps that a sampler draws: each block has one byte, so that a gap is the number of blocks that are not taken. */
static const uint64_t *drawn_gaps(void)
{
    static uint64_t gaps[GAPS];
    struct sampler sampler;

    sampler_set_period(MEAN_GAP);
    sampler = seeded(2);
    for (unsigned i = 0; i < GAPS; i++) {
        for (gaps[i] = 0; !is_taken(&sampler, 1); gaps[i]++)
            continue;
    }
    return gaps;
}

/* Geometric, which is what is left of an exponential distribution when it is cut to whole bytes. */
static void gaps_have_the_mean_and_the_variance_of_theory(void **state)
{
    const uint64_t *gaps = drawn_gaps();
    double p = chance(1, MEAN_GAP), mean = (1 - p) / p, variance = (1 - p) / (p * p);
    double sum = 0, squares = 0;

    (void)state;
    for (unsigned i = 0; i < GAPS; i++) {
        sum += (double)gaps[i] - mean;
        squares += ((double)gaps[i] - mean) * ((double)gaps[i] - mean);
    }
    assert_true(fabs(sum / GAPS) < SIGMAS * sqrt(variance / GAPS));
    /* The fourth moment is nine times the square of the variance. */
    assert_true(fabs(squares / GAPS - variance) < SIGMAS * variance * sqrt(8.0 / GAPS));
}

/* Kolmogorov and Smirnov: the largest distance of the two distributions passes 1.95 / sqrt(n) once in a thousand. */
static void gaps_have_the_distribution_of_theory(void **state)
{
    static uint64_t sorted[GAPS];
    const uint64_t *gaps = drawn_gaps();
    double worst = 0;

    (void)state;
    for (unsigned i = 0; i < GAPS; i++)
        sorted[i] = gaps[i];
    qsort(sorted, GAPS, sizeof(sorted[0]), by_value);
    for (unsigned i = 1; i < GAPS; i++)
        if (sorted[i] != sorted[i - 1])
            worst = fmax(worst, fabs((double)i / GAPS - chance((double)sorted[i - 1] + 1, MEAN_GAP)));
    assert_true(worst > 0);
    assert_true(worst * sqrt(GAPS) < 1.95);
}

static void a_gap_tells_nothing_about_the_next(void **state)
{
    const uint64_t *gaps = drawn_gaps();
    double covariance = 0;

    (void)state;
    for (unsigned i = 1; i < GAPS; i++)
        covariance += ((double)gaps[i - 1] - MEAN_GAP) * ((double)gaps[i] - MEAN_GAP);
    assert_true(fabs(covariance / GAPS) < SIGMAS * MEAN_GAP * MEAN_GAP / sqrt(GAPS));
}

/* --- weights ------------------------------------------------------------------------------------------------------ */

static double weight_error(uint64_t size, uint64_t period)
{
    long double exact = (long double)SAMPLER_UNIT / -expm1l(-(long double)(size == 0 ? 1 : size) / (long double)period);

    return (double)fabsl((long double)sampler_weight(size) - exact);
}

static void weights_are_right_to_the_unit(void **state)
{
    static const uint64_t periods[] = {2, 3, 1000, 65536, 524288, 1000003, SAMPLER_PERIOD_MAX - 1, SAMPLER_PERIOD_MAX};
    uint64_t seed = 3;

    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(periods); p++) {
        sampler_set_period(periods[p]);
        for (unsigned i = 0; i < 20000; i++) {
            uint64_t even = i * (periods[p] / 1000 + 1);
            uint64_t any = random_next(&seed) >> i % 64;

            assert_true(weight_error(even, periods[p]) < 0.53);
            assert_true(weight_error(any, periods[p]) < 0.53);
        }
    }
}

static void a_weight_times_its_chance_is_one_for_all_sizes_to_ten_periods(void **state)
{
    (void)state;
    sampler_set_period(1000);
    for (uint64_t size = 1; size <= 10000; size++)
        assert_true(fabs(chance((double)size, 1000) * (double)sampler_weight(size) / SAMPLER_UNIT - 1) < 0.53 / SAMPLER_UNIT);
}

static void bytes_are_the_weight_times_the_size(void **state)
{
    (void)state;
    sampler_set_period(65536);
    for (uint64_t size = 0; size < 1 << 22; size += 1 + size / 7) {
        double bytes = (double)size * (double)sampler_weight(size) / SAMPLER_UNIT;

        assert_true(fabs((double)sampler_bytes(size) - bytes) <= 0.5);
    }
}

static void sums_of_weights_are_rounded(void **state)
{
    (void)state;
    assert_int_equal(sampler_objects(0), 0);
    assert_int_equal(sampler_objects(SAMPLER_UNIT / 2 - 1), 0);
    assert_int_equal(sampler_objects(SAMPLER_UNIT / 2), 1);
    assert_int_equal(sampler_objects(1000 * SAMPLER_UNIT + 1), 1000);
}

/* --- blocks ------------------------------------------------------------------------------------------------------- */

struct estimate {
    double objects, bytes;
};

/* What a stream of `n` blocks of the sizes, in turn, is estimated to be, for the size with the number `which`. */
static struct estimate estimate_of(const uint64_t *sizes, size_t n_sizes, size_t which, unsigned n, uint64_t seed)
{
    struct sampler sampler = seeded(seed);
    struct estimate estimate = {0};

    for (unsigned i = 0; i < n * n_sizes; i++) {
        uint64_t size = sizes[i % n_sizes];

        if (is_taken(&sampler, size) && i % n_sizes == which) {
            estimate.objects += (double)sampler_weight(size) / SAMPLER_UNIT;
            estimate.bytes += (double)sampler_bytes(size);
        }
    }
    return estimate;
}

static void assert_unbiased(struct estimate estimate, uint64_t size, unsigned n)
{
    double p = chance(size == 0 ? 1 : (double)size, T);
    double sigma = sqrt(n * (1 - p) / p);

    assert_true(fabs(estimate.objects - n) <= SIGMAS * sigma + 1);
    assert_true(fabs(estimate.bytes - (double)n * (double)size) <= (SIGMAS * sigma + 1) * (double)size);
}

static void estimates_of_equal_blocks_are_unbiased_from_one_byte_to_ten_periods(void **state)
{
    static const uint64_t sizes[] = {0, 1, 7, 64, 500, T / 2, T - 1, T, T + 1, 2 * T, 3 * T, 5 * T, 10 * T};

    (void)state;
    sampler_set_period(T);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        assert_unbiased(estimate_of(&sizes[i], 1, 0, 1000000, 100 + i), sizes[i], 1000000);
}

static void estimates_of_mixed_blocks_are_unbiased_for_each_size(void **state)
{
    static const uint64_t sizes[] = {16, 3 * T, 100, T, 0, 1000};

    (void)state;
    sampler_set_period(T);
    for (size_t which = 0; which < ARRAY_LEN(sizes); which++)
        assert_unbiased(estimate_of(sizes, ARRAY_LEN(sizes), which, 300000, 200), sizes[which], 300000);
}

/* A block that was taken with `asked` bytes is kept, when it turns out to have `size`, as often as one of that size is taken.
 */
static void a_block_that_turns_out_smaller_is_kept_as_often_as_one_of_its_size_is_taken(void **state)
{
    static const uint64_t sizes[][2] = {{1024, 600}, {64, 1}, {1, 0}, {3 * T, T}, {T, T}};
    const unsigned n = 500000;

    (void)state;
    sampler_set_period(T);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct sampler sampler = seeded(300 + i);
        uint64_t asked = sizes[i][0], size = sizes[i][1];
        struct estimate estimate = {0};

        for (unsigned block = 0; block < n; block++) {
            if (is_taken(&sampler, asked) && sampler_keeps(&sampler, size)) {
                estimate.objects += (double)sampler_weight(size) / SAMPLER_UNIT;
                estimate.bytes += (double)sampler_bytes(size);
            }
        }
        assert_unbiased(estimate, size, n);
    }
}

/* --- ends of the range -------------------------------------------------------------------------------------------- */

static void the_largest_blocks_are_taken_and_stand_for_themselves(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX, 1ul << 50};
    static const uint64_t periods[] = {1, 2, 65536, SAMPLER_PERIOD_MAX};

    (void)state;
    for (size_t p = 0; p < ARRAY_LEN(periods); p++) {
        struct sampler sampler;

        sampler_set_period(periods[p]);
        sampler = seeded(4);
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            assert_true(is_taken(&sampler, sizes[i]));
            assert_int_equal(sampler_weight(sizes[i]), SAMPLER_UNIT);
            assert_int_equal(sampler_bytes(sizes[i]), sizes[i]);
        }
    }
}

static void a_block_is_taken_when_the_byte_that_is_hit_is_its_own(void **state)
{
    struct sampler sampler = {.random = 1, .left = 10};

    (void)state;
    sampler_set_period(T);
    assert_false(is_taken(&sampler, 10));
    assert_int_equal(sampler.left, 0);
    assert_true(is_taken(&sampler, 1));
    assert_int_equal(sampler.at, 0);
    sampler.left = 10;
    assert_true(is_taken(&sampler, 11));
    assert_int_equal(sampler.at, 10);
    assert_true(sampler_keeps(&sampler, 11));
    assert_false(sampler_keeps(&sampler, 10));
    sampler.left = 1;
    assert_false(is_taken(&sampler, 0));
    assert_true(is_taken(&sampler, 0));
    assert_true(sampler_keeps(&sampler, 0));
}

static void with_a_period_of_one_or_none_every_block_is_taken_and_is_one(void **state)
{
    (void)state;
    for (uint64_t period = 0; period <= 1; period++) {
        struct sampler sampler = {0};

        sampler_set_period(period);
        assert_false(sampler_is_on());
        assert_int_equal(sampler_period(), 1);
        for (size_t size = 0; size < 100000; size++) {
            assert_true(is_taken(&sampler, size));
            assert_true(sampler_keeps(&sampler, size));
            assert_int_equal(sampler_weight(size), SAMPLER_UNIT);
            assert_int_equal(sampler_bytes(size), size);
        }
    }
    sampler_set_period(2);
    assert_true(sampler_is_on());
    assert_int_equal(sampler_period(), 2);
}

static void the_same_seed_takes_the_same_blocks(void **state)
{
    struct sampler one, other;
    unsigned taken = 0;

    (void)state;
    sampler_set_period(T);
    one = seeded(5);
    other = one;
    for (size_t i = 0; i < 100000; i++) {
        bool takes = is_taken(&one, i % 1000);

        assert_int_equal(takes, is_taken(&other, i % 1000));
        taken += takes;
    }
    assert_true(taken > 1000);
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

#define THREADS 64

/* What a thread's sampler was behind its first block, and whether that was taken. */
static struct first {
    struct sampler sampler;
    bool taken;
} firsts[THREADS];

static void *begin_to_sample(void *context)
{
    static __thread struct sampler own;
    struct first *first = context;

    first->taken = is_taken(&own, 1);
    first->sampler = own;
    return NULL;
}

/* The chance that one of 64 is hit in its first byte is 2^-34. */
static void a_new_thread_draws_a_gap_of_its_own_before_its_first_block(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    sampler_set_period(SAMPLER_PERIOD_MAX);
    for (size_t i = 0; i < THREADS / 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, begin_to_sample, &firsts[i]), 0);
    for (size_t i = 0; i < THREADS / 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* Threads that follow each other have the same stack, and so their samplers the same address. */
    for (size_t i = THREADS / 2; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, begin_to_sample, &firsts[i]), 0);
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_false(firsts[i].taken);
        assert_true(firsts[i].sampler.random != 0);
        for (size_t j = 0; j < i; j++) {
            assert_true(firsts[i].sampler.random != firsts[j].sampler.random);
            assert_true(firsts[i].sampler.left != firsts[j].sampler.left);
        }
    }
}

static void floating_point_is_left_alone(void **state)
{
    struct sampler sampler = {0};

    (void)state;
    sampler_set_period(1000003);
    feclearexcept(FE_ALL_EXCEPT);
    for (size_t size = 0; size < 3000000; size += 1 + size / 3) {
        is_taken(&sampler, size);
        sampler_objects(sampler_weight(size) + sampler_bytes(size));
    }
    assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_the_logarithm_of_its_word),
        cmocka_unit_test(the_ends_of_the_range_are_finite),
        cmocka_unit_test(gaps_have_the_mean_and_the_variance_of_theory),
        cmocka_unit_test(gaps_have_the_distribution_of_theory),
        cmocka_unit_test(a_gap_tells_nothing_about_the_next),
        cmocka_unit_test(weights_are_right_to_the_unit),
        cmocka_unit_test(a_weight_times_its_chance_is_one_for_all_sizes_to_ten_periods),
        cmocka_unit_test(bytes_are_the_weight_times_the_size),
        cmocka_unit_test(sums_of_weights_are_rounded),
        cmocka_unit_test(estimates_of_equal_blocks_are_unbiased_from_one_byte_to_ten_periods),
        cmocka_unit_test(estimates_of_mixed_blocks_are_unbiased_for_each_size),
        cmocka_unit_test(a_block_that_turns_out_smaller_is_kept_as_often_as_one_of_its_size_is_taken),
        cmocka_unit_test(the_largest_blocks_are_taken_and_stand_for_themselves),
        cmocka_unit_test(a_block_is_taken_when_the_byte_that_is_hit_is_its_own),
        cmocka_unit_test(with_a_period_of_one_or_none_every_block_is_taken_and_is_one),
        cmocka_unit_test(the_same_seed_takes_the_same_blocks),
        cmocka_unit_test(a_new_thread_draws_a_gap_of_its_own_before_its_first_block),
        cmocka_unit_test(floating_point_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}
