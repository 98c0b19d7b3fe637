#!/usr/bin/env bats
# The report, as people see it: whole pages against tests/golden, and what the options do.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"

# A dump whose report is known, in $DUMPS, with its sources in $SOURCES.
make_dump() {
    SOURCES="$BATS_TEST_TMPDIR/src"
    mkdir -p "$SOURCES"
    printf 'void *histogram(void)\n{\n    struct histogram *histogram = calloc(1, sizeof *histogram); /* %s */\n}\n' \
        "one for each path, and paths are without number, so this is a long line" > "$SOURCES/registry.c"
    printf '\n\t\tpages.push_back(Page(number));   \n' > "$SOURCES/cache.cc"
    touch -d '2025-01-01 00:00:00Z' "$SOURCES"/*
    /usr/bin/python3 "$LEAKTRACE_SOURCE/tests/support/make_report.py" "$1" "$DUMPS" "$SOURCES"
}

report() {
    "$LEAKTRACE_COMMAND" report "$@" "$DUMPS" > "$BATS_TEST_TMPDIR/report" 2> "$BATS_TEST_TMPDIR/stderr"
}

# Holds the report at a width against the page of that name.
is_golden() {
    COLUMNS="$2" TZ=UTC report "${@:3}"
    equal "$(cat "$BATS_TEST_TMPDIR/stderr")" ""
    diff -u "$LEAKTRACE_SOURCE/tests/golden/$1.txt" "$BATS_TEST_TMPDIR/report"
}

@test "a leaky program, 80 columns wide" {
    make_dump leaky
    is_golden report-leaky-80 80
}

@test "a leaky program, 200 columns wide" {
    make_dump leaky
    is_golden report-leaky-200 200
}

@test "a program that has been repaired, 80 columns wide" {
    make_dump fixed
    is_golden report-fixed-80 80
}

@test "what is left out is told, 80 columns wide" {
    make_dump leaky
    is_golden report-focus-80 80 --focus 'cache|listen' --ignore none --top 1
}

@test "lines of sources that have changed since the dump are not shown" {
    make_dump leaky
    report
    equal "$(grep -c '│' "$BATS_TEST_TMPDIR/report")" 2
    touch "$SOURCES/registry.c"
    report
    equal "$(grep -c '│' "$BATS_TEST_TMPDIR/report")" 1
    rm -r "$SOURCES"
    report
    equal "$(grep -c '│' "$BATS_TEST_TMPDIR/report")" 0
}

@test "expressions that are none are refused" {
    local code=0
    make_dump leaky
    report --focus 'a(' || code=$?
    equal "$code" 2
    grep -q "^leaktrace: --focus 'a(' is no regular expression: " "$BATS_TEST_TMPDIR/stderr"
}

@test "the report as JSON has what the text has" {
    make_dump leaky
    report --format json --ignore descend
    /usr/bin/python3 - "$BATS_TEST_TMPDIR/report" << 'END'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["schema"] == 2
report, = document["reports"]
assert report["program"] == "exporter" and report["is_marked"] and report["since_mark_ns"] == 3600 * 10**9, report
heap, fd, thread = report["kinds"]
assert heap["n_sites"] == 2 and heap["n_hidden"] == 1, heap
worst = heap["sites"][0]
assert worst["frames"][worst["headline"]]["function"] == "register_histogram", worst
assert worst["growth"] == {"count": 28000, "bytes": 6740000} and worst["growth_per_hour"] == 6740000.0, worst
assert worst["has_grown"] and not heap["sites"][1]["has_grown"]
assert worst["source"].startswith("struct histogram *histogram = calloc(1"), worst
assert fd["sites"][0]["ages"] == {"<10m": 3, "<1h": 40, "<1d": 97}, fd
assert fd["sites"][0]["groups"][0] == {"count": 130, "labels": {"type": "tcp", "peer": "10.0.0.7:443", "state": "ESTABLISHED"}}
END
}
