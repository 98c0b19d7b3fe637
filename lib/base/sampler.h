/*
 * Which heap blocks are recorded when not all are, and what each of them then stands for.
 *
 * Poisson in bytes: of all bytes that a thread asks for some are hit, with exponential gaps whose mean is the period, and a
 * block with a hit byte is taken. One of s bytes is taken with p = 1 - exp(-s / period), whatever was asked for before it, and
 * stands for 1 / p blocks of its size. A block of 0 bytes is taken as one of 1 byte is.
 *
 * Integers only: the program's rounding mode, floating-point flags and traps are its own.
 */
#ifndef LEAKTRACE_BASE_SAMPLER_H
#define LEAKTRACE_BASE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLER_PERIOD_MAX (1ul << 40)
/* Weights are counted in these parts of a block. */
#define SAMPLER_UNIT (1ul << 16)

/* Each thread has one; all zero to begin with, and again in the child of fork. */
struct sampler {
    uint64_t left;   /* bytes until the next one that is hit */
    uint64_t at;     /* where in the block that was taken last the first hit byte is */
    uint64_t random; /* 0: not seeded yet */
};

extern uint64_t sampler_mean;

/* Before anything is recorded; 0 or 1: every block is taken. At most SAMPLER_PERIOD_MAX. */
void sampler_set_period(uint64_t period);

/* From 1. */
static inline uint64_t sampler_period(void)
{
    return sampler_mean;
}

/* Whether there are blocks that are not recorded. */
static inline bool sampler_is_on(void)
{
    return sampler_mean > 1;
}

/* Whether a block of this size, just allocated by the thread, is recorded. True: it is not, for no byte of it is hit. Else it
   is for sampler_takes_hit() to say. */
static inline bool sampler_passes(struct sampler *sampler, size_t size)
{
    uint64_t left;

    if (__builtin_expect(__builtin_sub_overflow(sampler->left, size + (size == 0), &left), 0))
        return false;
    sampler->left = left;
    return true;
}

/* Of a block that was not passed by: false only when the thread has not been here before. */
bool sampler_takes_hit(struct sampler *sampler, uint64_t size);

/* The block that was taken last is found to have this size, not a smaller one: whether it would have been taken with it. */
static inline bool sampler_keeps(const struct sampler *sampler, size_t size)
{
    return sampler->at < size + (size == 0);
}

/* How many blocks of this size one that was taken stands for, in SAMPLER_UNITs. A function of the size and the period alone, at
   most 0.53 units wrong. */
uint64_t sampler_weight(uint64_t size);
/* How many bytes it stands for: its weight times its size, rounded. */
uint64_t sampler_bytes(uint64_t size);
/* The number of blocks that a sum of weights stands for, rounded. */
uint64_t sampler_objects(uint64_t weights);

/* The gap that a random word draws: floor(-period * ln((random | 1) / 2^64)), and 0 where every block is taken. */
uint64_t sampler_gap(uint64_t random);

#endif
