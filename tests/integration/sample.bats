#!/usr/bin/env bats
# Sampled mode: the figures of the heap are estimates, no further from the truth than theory lets them be; all others stay exact.

load ../support/leaktrace

# Runs the specimen sizes, or another build of it, at a period; what it says to be true goes to a file.
sizes() {
    traced "sample=$1" -- "${2:-$LEAKTRACE_SPECIMENS/sizes}" > "$BATS_TEST_TMPDIR/truth"
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/truth")" over
}

# The same specimen as C++: its path.
sizes_cxx() {
    c++ -x c++ -std=c++17 -O2 -g -D_GNU_SOURCE -fno-optimize-sibling-calls -fno-builtin-malloc -I "$LEAKTRACE_SOURCE/include" \
        -o "$BATS_TEST_TMPDIR/sizes_cxx" "$LEAKTRACE_SOURCE/tests/specimens/sizes.c" -rdynamic -pthread
    echo "$BATS_TEST_TMPDIR/sizes_cxx"
}

# Lines of a function, one of its six figures (made, live and grown, each as blocks and as bytes), its true value, the standard
# deviation of its estimate, and what would be there in the mean if nothing were scaled. Of n blocks of s bytes each is recorded
# with p = 1 - exp(-s / period) and then stands for 1 / p, so the variance of their number is n (1 - p) / p.
theory() {
    awk -v period="$1" '
        NF == 5 {
            p = period > 1 ? 1 - exp(-($2 > 0 ? $2 : 1) / period) : 1
            for (i = 0; i < 6; i++) {
                n = $(3 + int(i / 2)); unit = i % 2 ? $2 : 1; key = $1 " " i
                truth[key] += n * unit; seen[key] += n * p * unit; variance[key] += n * (1 - p) / p * unit * unit
            }
        }
        END { for (key in truth) printf "%s %.0f %.9g %.9g\n", key, truth[key], sqrt(variance[key]), seen[key] }' "$BATS_TEST_TMPDIR/truth"
}

# Lines of a function and its six figures in the newest dump.
estimates() {
    local site
    awk 'NF == 5 { print $1 }' "$BATS_TEST_TMPDIR/truth" | sort -u | while read -r site; do
        echo "$site $(figures heap "$site") $(figures heap_growth "$site")"
    done
}

# Holds every figure of the newest dump against six standard deviations, and one for rounding. What cannot err is exact.
estimates_are_within_bounds() {
    awk 'NR == FNR { for (i = 0; i < 6; i++) estimate[$1, i] = $(i + 2); next }
         { bound = $4 > 0 ? 6 * $4 + 1 : 0; off = estimate[$1, $2] - $3; checked++
           if (off > bound || off < -bound) {
               printf "%s, figure %d: expected %.0f +- %.1f, got %.0f\n", $1, $2, $3, bound, estimate[$1, $2] > "/dev/stderr"
               wrong = 1
           } }
         END { exit wrong || checked < 72 }' <(estimates) <(theory "$1")
}

# The period of a kind's newest pprof file, with its type.
period() {
    local file
    file="$(newest "$1")"
    gzip -dc "${file%.txt}.pb.gz" |
        protoc --decode=perftools.profiles.Profile -I "$LEAKTRACE_SOURCE/tests/support" profile.proto |
        awk '$1 == "period_type" { inside = 1 }
             inside && $1 == "type:" { type = $2 }
             inside && $1 == "unit:" { unit = $2 }
             $1 == "}" { inside = 0 }
             $1 == "period:" { period = $2 }
             $1 == "string_table:" { text[n++] = substr($2, 2, length($2) - 2) }
             END { print text[type] "/" text[unit], period }'
}

@test "the specimen is large enough for its bounds: without scaling every figure would be outside" {
    "$LEAKTRACE_SPECIMENS/sizes" > "$BATS_TEST_TMPDIR/truth"
    theory 65536 | awk '$3 > 0 && $5 < 0.99 * $3 { figures++; if ($3 - $5 <= 6 * $4 + 1) { print > "/dev/stderr"; wrong = 1 } }
                        END { exit wrong || figures < 40 }'
}

@test "without sampling, or with a period of one byte, the figures are exact" {
    local period
    for period in 0 1; do
        sizes "$period"
        estimates_are_within_bounds 1
        nothing_was_lost heap
        equal "$(period heap)" "space/bytes 1"
        equal "$(period heap_growth)" "space/bytes 1"
    done
}

@test "estimates are unbiased for each function, be its blocks small, large, mixed, resized or freed by another thread" {
    for _ in 1 2 3; do
        sizes 64K
        estimates_are_within_bounds 65536
        nothing_was_lost heap
        sizes 512K
        estimates_are_within_bounds 524288
        nothing_was_lost heap
    done
}

@test "estimates are unbiased with jemalloc or tcmalloc behind the library" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4; do
        PRELOAD_BEHIND=$allocator sizes 64K
        estimates_are_within_bounds 65536
        nothing_was_lost heap
    done
}

@test "estimates are unbiased for operator new, also where it asks malloc for more than it was asked for" {
    local program allocator
    program="$(sizes_cxx)"
    for allocator in '' libjemalloc.so.2; do
        PRELOAD_BEHIND=$allocator sizes 64K "$program"
        equal "$(grep -c '^new_' "$BATS_TEST_TMPDIR/truth")" 2
        estimates_are_within_bounds 65536
        nothing_was_lost heap
    done
}

@test "the period of the heap is the option, and that of all else is one" {
    sizes 64K
    equal "$(period heap)" "space/bytes 65536"
    equal "$(period heap_growth)" "space/bytes 65536"
    sizes 524289
    equal "$(period heap)" "space/bytes 524289"
    equal "$(period fd)" "fds/count 1"
    equal "$(period fd_growth)" "fds/count 1"
    equal "$(period thread)" "threads/count 1"
    equal "$(period thread_growth)" "threads/count 1"
}

@test "descriptors and threads stay exact" {
    start sample=512K -- "$LEAKTRACE_SPECIMENS/growth" api
    finish
    figures_are fd << 'END'
fill_cache 30 30
serve 2000 0
leak_descriptor 20 20
ignored 0 0
END
    figures_are fd_growth << 'END'
fill_cache 0
leak_descriptor 20
END
    figures_are thread << 'END'
fill_pool 5 - 5
leak_thread 4 - 4
use_thread 40 0 0
END
    figures_are thread_growth << 'END'
fill_pool 0
leak_thread 4
END
    nothing_was_lost heap fd thread
    sizes 512K
    equal "$(figures thread short_threads)" "2000 0 0"
}

# The figures and stacks of a dump of what was started.
rows_of() {
    grep -v '^#' "$(dump_file "$1" "$2")" | tail -n +2
}

@test "an estimate of what is live stays the same while nothing happens, and is never more than that of what was made" {
    local kind
    start sample=64K -- "$LEAKTRACE_SPECIMENS/sizes" wait
    wait_for_line over
    "$LEAKTRACE_COMMAND" dump "$PROGRAM"
    "$LEAKTRACE_COMMAND" dump "$PROGRAM"
    finish
    for kind in heap heap_growth; do
        [ "$(rows_of "$kind" 1 | wc -l)" -ge 8 ]
        diff -u <(rows_of "$kind" 1) <(rows_of "$kind" 2)
    done
    equal "$(rows_of heap 1 | awk '$3 > $1 || $4 > $2')" ""
}

@test "a period past 1T is refused, and every block is recorded" {
    traced sample=2T -- "$LEAKTRACE_SPECIMENS/heap"
    equal "$(grep -c "bad value '2T' for option sample: it takes 0 to 1T" "$BATS_TEST_TMPDIR/log")" 1
    equal "$(figures heap realloc_in_place)" "2 1900 1 900"
}
