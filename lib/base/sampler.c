/* The sampler of heap blocks. Owns the period; called by record/record, and by what adds up blocks. No locks. */
#include "base/sampler.h"

#include "base/sys.h"

/* Logarithms are in units of 2^-57: 64 is the largest. */
#define LOG_BITS 57
#define LN2 0xb17217f7d1cf79acu /* in units of 2^-64 */

/* Weights are worked out with this many bits behind the point: SAMPLER_PERIOD_MAX leaves room for no more. */
#define FINE_BITS 22
#define FINE_ONE (1ul << FINE_BITS)

uint64_t sampler_mean = 1;

void sampler_set_period(uint64_t period)
{
    sampler_mean = period == 0 ? 1 : period;
}

/* log2(x) of x > 0, digit by digit: a square of the mantissa that is 2 or more has the next digit 1. Every square is cut at
   2^-63, and counts half as much as the one before it, so that the last digit alone is in doubt. */
static uint64_t log2_of(uint64_t x)
{
    unsigned exponent = 63 - (unsigned)__builtin_clzll(x);
    uint64_t mantissa = x << (63 - exponent);
    uint64_t log = exponent;

    for (unsigned i = 0; i < LOG_BITS; i++) {
        unsigned __int128 square = (unsigned __int128)mantissa * mantissa;
        unsigned digit = (unsigned)(square >> 127);

        log = log << 1 | digit;
        mantissa = (uint64_t)(square >> (63 + digit));
    }
    return log;
}

uint64_t sampler_gap(uint64_t random)
{
    uint64_t log2 = (64ul << LOG_BITS) - log2_of(random | 1);
    uint64_t ln = (uint64_t)((unsigned __int128)log2 * LN2 >> 64);

    return sampler_mean == 1 ? 0 : (uint64_t)((unsigned __int128)ln * sampler_mean >> LOG_BITS);
}

/* Xorshift, with a multiplication behind it: never 0 within, and so never taken for not seeded. */
static uint64_t next_random(struct sampler *sampler)
{
    uint64_t word = sampler->random;

    word ^= word >> 12;
    word ^= word << 25;
    word ^= word >> 27;
    sampler->random = word;
    return word * 0x2545f4914f6cdd1du;
}

/* Threads that live at the same time differ in address and number, those that follow each other in time. */
static void seed(struct sampler *sampler)
{
    uint64_t word = (uint64_t)sys_gettid() << 48 ^ (uint64_t)sys_monotonic_ns() ^ (uintptr_t)sampler << 16;

    word = (word ^ word >> 32) * 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9u;
    sampler->random = (word ^ word >> 32) | 1;
}

bool sampler_takes_hit(struct sampler *sampler, uint64_t size)
{
    size += size == 0;
    if (sampler->random == 0) {
        seed(sampler);
        sampler->left = sampler_gap(next_random(sampler));
        if (sampler->left >= size) {
            sampler->left -= size;
            return false;
        }
    }
    sampler->at = sampler->left;
    sampler->left = sampler_gap(next_random(sampler));
    return true;
}

/*
 * 1 / (1 - exp(-x)) with x = size / period. Where y = 1 / x is 4 or more, the series y + 1/2 + 1/(12 y) - 1/(720 y^3) is right
 * to 4e-8. For larger x it is taken at x / 2^n, and doubled n times: p(2x) = p(x) (2 - p(x)), so w(2x) = w(x)^2 / (2 w(x) - 1),
 * which at least halves an error.
 */
static uint64_t fine_weight(uint64_t size)
{
    uint64_t y = ((sampler_mean << FINE_BITS) + size / 2) / size;
    unsigned doublings = 0;
    uint64_t x, w;

    while (y < 4 * FINE_ONE) {
        y *= 2;
        doublings++;
    }
    x = (1ul << 2 * FINE_BITS) / y;
    w = y + FINE_ONE / 2 + x / 12 - ((x * x >> FINE_BITS) * x >> FINE_BITS) / 720;
    for (; doublings > 0; doublings--)
        w = w * w / (2 * w - FINE_ONE);
    return w;
}

uint64_t sampler_weight(uint64_t size)
{
    uint64_t part = FINE_ONE / SAMPLER_UNIT;

    /* Past 16 periods exp(-x) is less than a hundredth of a unit. */
    if (sampler_mean == 1 || size >> 4 >= sampler_mean)
        return SAMPLER_UNIT;
    return (fine_weight(size + (size == 0)) + part / 2) / part;
}

uint64_t sampler_bytes(uint64_t size)
{
    return (uint64_t)(((unsigned __int128)size * sampler_weight(size) + SAMPLER_UNIT / 2) / SAMPLER_UNIT);
}

uint64_t sampler_objects(uint64_t weights)
{
    return (weights + SAMPLER_UNIT / 2) / SAMPLER_UNIT;
}
