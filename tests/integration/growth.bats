#!/usr/bin/env bats
# Growth since the mark: a slow leak stands out against a large cache and the noise of traffic, however the mark was set.

load ../support/leaktrace

# The leaks, per kind: what was made after the mark and lives still. The cache is not there at all.
growth_is_exact() {
    figures_are heap_growth "$(dump_file heap_growth 2)" << 'END'
leak_block 2000 96000
serve 0 0
fill_cache 0 0
not_ignored 1 1000
ignored 0 0
END
    figures_are fd_growth "$(dump_file fd_growth 2)" << 'END'
leak_descriptor 20
serve 0
fill_cache 0
END
    figures_are thread_growth "$(dump_file thread_growth 2)" << 'END'
leak_thread 4
use_thread 0
fill_pool 0
END
    # In all, the cache is there, and hides the leak.
    figures_are heap "$(dump_file heap 2)" << 'END'
fill_cache 4000 16384000 4000 16384000
leak_block 2000 96000 2000 96000
serve 20000 - 0 0
ignored 0 0 0 0
END
    equal "$(figures fd fill_cache "$(dump_file fd 2)")" "30 30"
    equal "$(figures fd ignored "$(dump_file fd 2)")" "0 0"
    equal "$(awk '/^[0-9]/ { site = 1; if ($2 > most) { most = $2; worst = 1 } else worst = 0; next }
                  /^#\t/ && site { if (worst) { split($0, part, "\t"); name = part[3] } site = 0 }
                  END { print name }' "$(dump_file heap_growth 2)")" leak_block
}

report_names_the_leaks_first() {
    "$LEAKTRACE_COMMAND" report "$DUMPS/$NAME.$PROGRAM".0002.*.pb.gz > "$BATS_TEST_TMPDIR/report"
    equal "$(awk '/^heap:/ { heap = 1 } heap && /^ +1\./ { getline; print $1; exit }' "$BATS_TEST_TMPDIR/report")" leak_block
    equal "$(awk '/^fd:/ { fd = 1 } fd && /^ +1\./ { getline; print $1; exit }' "$BATS_TEST_TMPDIR/report")" leak_descriptor
    equal "$(awk '/^thread:/ { thread = 1 } thread && /^ +1\./ { getline; print $1; exit }' "$BATS_TEST_TMPDIR/report")" \
        leak_thread
}

@test "a mark by the C interface" {
    start -- "$LEAKTRACE_SPECIMENS/growth" api
    finish
    growth_is_exact
    report_names_the_leaks_first
}

@test "a mark by the command" {
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    echo go >&"$INPUT"
    finish
    growth_is_exact
    report_names_the_leaks_first
}

# What has grown since the mark, in bytes, as the process says.
growth_of() {
    "$LEAKTRACE_COMMAND" ls --format json | tr '{,' '\n' |
        awk -F '[: ]+' -v pid="$1" '/"pid"/ { mine = $NF == pid } mine && /"heap_growth_bytes"/ { print $NF; exit }'
}

is_marked() {
    local bytes
    bytes="$(growth_of "$PROGRAM")"
    [ -n "$bytes" ] && [ "$bytes" -lt 1000 ]
}

@test "a mark by the warm-up time" {
    start warmup=1 -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    wait_until is_marked
    echo go >&"$INPUT"
    finish
    growth_is_exact
    report_names_the_leaks_first
}

@test "without a mark, growth is everything since the start" {
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    echo go >&"$INPUT"
    finish
    equal "$(figures heap_growth fill_cache "$(dump_file heap_growth 2)")" "4000 16384000"
    equal "$(figures fd_growth fill_cache "$(dump_file fd_growth 2)")" 30
    equal "$(figures thread_growth fill_pool "$(dump_file thread_growth 2)")" 5
}

@test "a later mark takes the place of an earlier one" {
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    echo go >&"$INPUT"
    finish
    growth_is_exact
}

@test "a dump by the C interface has its reason, and is written when the call is back" {
    start -- "$LEAKTRACE_SPECIMENS/growth" api
    finish
    equal "$(grep '^# reason' "$(dump_file heap 1)")" "# reason end of traffic"
    equal "$(figures heap serve "$(dump_file heap 1)" | awk '{ print $1, $3 }')" "20000 500"
    equal "$(figures heap not_ignored "$(dump_file heap 1)")" "0 0 0 0"
    dumps_are_whole
}

@test "the C interface does nothing without the library" {
    cd "$BATS_TEST_TMPDIR"
    run env TMPDIR="$BATS_TEST_TMPDIR" "$LEAKTRACE_SPECIMENS/growth" api
    equal "$status" 0
    equal "$output" ""
    equal "$(find "$BATS_TEST_TMPDIR" -name 'growth*')" ""
}
