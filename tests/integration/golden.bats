#!/usr/bin/env bats
# What the views print, character by character, on a page of 80 columns: tests/golden. After a wanted change, write the new
# file with the command of its test, and read the difference before you commit it.

load ../support/leaktrace

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir "$DUMPS"
    cd "$BATS_TEST_TMPDIR"
    python3 -B "$LEAKTRACE_SOURCE/tests/golden/make_dumps.py" dumps
}

# prints_as FILE COMMAND...: leaktrace prints that file, and nothing on standard error.
prints_as() {
    local golden="$LEAKTRACE_SOURCE/tests/golden/$1"
    shift
    TZ=UTC COLUMNS=80 "$LEAKTRACE_COMMAND" "$@" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
    diff "$golden" "$BATS_TEST_TMPDIR/out"
    equal "$(cat "$BATS_TEST_TMPDIR/err")" ""
}

@test "no line is longer than the page" {
    [ "$(find "$LEAKTRACE_SOURCE/tests/golden" -name '*.txt' | wc -l)" -ge 3 ]
    equal "$(cat "$LEAKTRACE_SOURCE"/tests/golden/*.txt | python3 -c '
import sys
sys.stdin.reconfigure(encoding="utf-8")
print(max(len(line.rstrip("\n")) for line in sys.stdin) <= 80)')" True
}

@test "report at 80 columns" {
    prints_as report.txt report dumps/worker.300.0001.heap.pb.gz
}

@test "diff at 80 columns, over a restart and a rebuild" {
    prints_as diff.txt diff dumps/exporter.100.0002.{heap,fd,thread}.pb.gz dumps/exporter.200.0060.{heap,fd,thread}.pb.gz
}

@test "trend at 80 columns, over a restart and a rebuild" {
    prints_as trend.txt trend dumps/exporter.*.pb.gz
}

@test "the same in JSON" {
    prints_as diff.json diff --format json --top 1 dumps/exporter.100.0002.{heap,fd}.pb.gz dumps/exporter.200.0060.{heap,fd}.pb.gz
    prints_as trend.json trend --format json --top 1 dumps/exporter.*.pb.gz
    python3 -m json.tool "$LEAKTRACE_SOURCE/tests/golden/trend.json" > /dev/null
}
