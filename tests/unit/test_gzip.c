/* Compression: what zlib itself reads back, from chunks of any size. */
#include "../support/memory_sink.h"
#include "../support/unit.h"

#include "base/arena.h"
#include "base/memory.h"
#include "encode/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SIZE (3ul << 20)

static struct memory_sink output;
static struct arena arena;
static uint8_t *plain, *back;

static int begin(void **state)
{
    (void)state;
    output = (struct memory_sink){.sink = {.write = memory_sink_keep}, .bytes = malloc(2 * SIZE), .room = 2 * SIZE};
    plain = malloc(SIZE);
    back = malloc(SIZE + 1);
    return output.bytes == NULL || plain == NULL || back == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    free(output.bytes);
    free(plain);
    free(back);
    arena_release(&arena);
    return 0;
}

/* Compresses `size` bytes in chunks of 0 to `chunk_max`. */
static int compress_all(size_t size, size_t chunk_max, uint64_t seed)
{
    struct gzip gzip;
    size_t done = 0;
    int result = 0;

    output.len = 0;
    assert_int_equal(gzip_begin(&gzip, &output.sink, &arena), 0);
    while (done < size && result == 0) {
        size_t len = random_next(&seed) % (chunk_max + 1);

        if (len > size - done)
            len = size - done;
        result = sink_write(&gzip.sink, plain + done, len);
        done += len;
    }
    return gzip_end(&gzip);
}

static void assert_back(size_t size)
{
    z_stream stream = {.next_in = output.bytes, .avail_in = (uInt)output.len, .next_out = back, .avail_out = SIZE + 1};

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, size);
    assert_memory_equal(back, plain, size);
    assert_int_equal(inflateEnd(&stream), Z_OK);
}

static void nothing_is_a_file_too(void **state)
{
    (void)state;
    assert_int_equal(compress_all(0, 1, 1), 0);
    assert_true(output.len > 0);
    assert_back(0);
}

static void all_bytes_come_back_whatever_the_chunks(void **state)
{
    static const size_t chunks[] = {1, 7, 300, 8192, 100000, SIZE};
    uint64_t seed = 5;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
        size_t size = chunks[i] < 300 ? 20000 : SIZE;

        for (size_t at = 0; at < size; at++)
            plain[at] = i % 2 == 0 ? (uint8_t)random_next(&seed) : (uint8_t)(at / 1000);
        assert_int_equal(compress_all(size, chunks[i], i), 0);
        assert_back(size);
    }
}

static void what_repeats_becomes_small(void **state)
{
    (void)state;
    memset(plain, 'a', SIZE);
    assert_int_equal(compress_all(SIZE, 1000, 1), 0);
    assert_true(output.len < SIZE / 100);
}

static void an_error_below_is_the_answer_of_all_further_calls(void **state)
{
    struct gzip gzip;
    uint64_t seed = 6;
    int result = 0;

    (void)state;
    for (size_t at = 0; at < SIZE; at++)
        plain[at] = (uint8_t)random_next(&seed);
    output.room = 1000;
    assert_int_equal(gzip_begin(&gzip, &output.sink, &arena), 0);
    for (size_t at = 0; at < SIZE && result == 0; at += 4096)
        result = sink_write(&gzip.sink, plain + at, 4096);
    assert_int_equal(result, -ENOSPC);
    output.room = 2 * SIZE;
    assert_int_equal(sink_write(&gzip.sink, plain, 1), -ENOSPC);
    assert_int_equal(gzip_end(&gzip), -ENOSPC);
}

static void without_memory_there_is_no_stream(void **state)
{
    struct gzip gzip;

    (void)state;
    memory_set_cap(1);
    assert_int_equal(gzip_begin(&gzip, &output.sink, &arena), -ENOMEM);
    memory_set_cap(0);
}

#define COMPRESSED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMPRESSED(nothing_is_a_file_too),
        COMPRESSED(all_bytes_come_back_whatever_the_chunks),
        COMPRESSED(what_repeats_becomes_small),
        COMPRESSED(an_error_below_is_the_answer_of_all_further_calls),
        COMPRESSED(without_memory_there_is_no_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
