#!/usr/bin/env bats
# What diff and trend print, character by character: tests/golden. After a wanted change, write the new file with the command of its
# test, and read the difference before you commit it.

load ../support/leaktrace

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir "$DUMPS"
    cd "$BATS_TEST_TMPDIR"
    python3 -B "$LEAKTRACE_SOURCE/tests/golden/make_dumps.py" dumps
}

# prints_as FILE COLUMNS COMMAND...: leaktrace prints that file on a page of so many columns, and nothing on standard error.
prints_as() {
    local golden="$LEAKTRACE_SOURCE/tests/golden/$1" columns="$2"
    shift 2
    TZ=UTC COLUMNS="$columns" "$LEAKTRACE_COMMAND" "$@" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
    diff "$golden" "$BATS_TEST_TMPDIR/out"
    equal "$(cat "$BATS_TEST_TMPDIR/err")" ""
}

# The widest line of a file, in characters.
width_of() {
    python3 -c 'import sys; print(max(len(line.rstrip("\n")) for line in open(sys.argv[1], encoding="utf-8")))' "$1"
}

@test "no line is longer than the page" {
    local view width
    for view in diff trend; do
        for width in 80 200; do
            [ "$(width_of "$LEAKTRACE_SOURCE/tests/golden/$view-$width.txt")" -le "$width" ]
        done
    done
}

@test "diff over a restart and a rebuild" {
    local sets=(dumps/exporter.100.0002.{heap,fd,thread}.pb.gz dumps/exporter.200.0060.{heap,fd,thread}.pb.gz)
    prints_as diff-80.txt 80 diff "${sets[@]}"
    prints_as diff-200.txt 200 diff "${sets[@]}"
}

@test "trend over a restart and a rebuild" {
    prints_as trend-80.txt 80 trend dumps/exporter.*.pb.gz
    prints_as trend-200.txt 200 trend dumps/exporter.*.pb.gz
}

@test "the same in JSON" {
    prints_as diff.json 80 diff --format json --top 1 dumps/exporter.100.0002.{heap,fd}.pb.gz dumps/exporter.200.0060.{heap,fd}.pb.gz
    prints_as trend.json 80 trend --format json --top 1 dumps/exporter.*.pb.gz
    python3 -m json.tool "$LEAKTRACE_SOURCE/tests/golden/trend.json" > /dev/null
}
