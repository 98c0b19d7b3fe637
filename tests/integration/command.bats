#!/usr/bin/env bats
# The command, end to end, with the real library: what it prints where, and its exit status.

load ../support/leaktrace

# Runs the command; its two outputs are in files.
leaktrace() {
    local code=0
    "$LEAKTRACE_COMMAND" "$@" > "$BATS_TEST_TMPDIR/stdout" 2> "$BATS_TEST_TMPDIR/stderr" || code=$?
    return "$code"
}

ends_with() {
    local code=0
    leaktrace "${@:2}" || code=$?
    equal "$code" "$1" "exit status of leaktrace ${*:2}: $(cat "$BATS_TEST_TMPDIR/stderr")"
}

said() {
    grep -qF -- "$1" "$BATS_TEST_TMPDIR/stderr" || {
        printf 'not on standard error: %s\n' "$1" >&2
        cat "$BATS_TEST_TMPDIR/stderr" >&2
        return 1
    }
}

@test "run leaves a program its output and status, and sums up on standard error" {
    "$LEAKTRACE_SPECIMENS/plain" > "$BATS_TEST_TMPDIR/bare" 2> "$BATS_TEST_TMPDIR/bare.err" || equal $? 29
    ends_with 29 run --dir="$DUMPS" -- "$LEAKTRACE_SPECIMENS/plain"
    diff "$BATS_TEST_TMPDIR/bare" "$BATS_TEST_TMPDIR/stdout"
    equal "$(head -n 1 "$BATS_TEST_TMPDIR/stderr")" "a word on standard error"
    said "keeps_blocks"
    said "keeps_descriptor"
    said "leaktrace report $DUMPS/plain."
    equal "$(find "$DUMPS" -name 'plain.*.0001.heap.pb.gz' | wc -l)" 1
    ends_with 29 run --quiet --log=none --dir="$DUMPS" "$LEAKTRACE_SPECIMENS/plain"
    diff "$BATS_TEST_TMPDIR/bare.err" "$BATS_TEST_TMPDIR/stderr"
}

@test "run passes a program's input and its end by a signal on" {
    ends_with 3 run --quiet --dir="$DUMPS" -- bash <<< "echo forty-two; exit 3"
    equal "$(cat "$BATS_TEST_TMPDIR/stdout")" forty-two
    ends_with 137 run --dir="$DUMPS" -- bash -c 'kill -KILL $$'
    said "was ended by SIGKILL"
    ends_with 143 run --quiet --dir="$DUMPS" -- bash -c 'kill -TERM $$'
}

@test "run says what is wrong with its arguments, and starts nothing" {
    ends_with 2 run
    said "a PROGRAM is missing"
    ends_with 2 run --intervall=1 -- touch "$BATS_TEST_TMPDIR/touched"
    said "did you mean 'interval'"
    ends_with 2 run --depth=0 -- touch "$BATS_TEST_TMPDIR/touched"
    said "bad value '0' for option depth"
    ends_with 2 run --profiles=heap,mmap -- touch "$BATS_TEST_TMPDIR/touched"
    said "not yet"
    ends_with 127 run --dir="$DUMPS" -- "$BATS_TEST_TMPDIR/not there"
    said "No such file or directory"
    : > "$BATS_TEST_TMPDIR/no program"
    ends_with 126 run --dir="$DUMPS" -- "$BATS_TEST_TMPDIR/no program"
    said "Permission denied"
    equal "$(ls "$BATS_TEST_TMPDIR/touched" 2> /dev/null || echo none)" none
}

@test "run hands the library its options, behind those of the environment" {
    LEAKTRACE_OPTIONS="interval=0:dir=$BATS_TEST_TMPDIR/other" \
        ends_with 29 run --dir="$DUMPS" --at-exit=yes --profiles=heap,fd --format=text -- "$LEAKTRACE_SPECIMENS/plain"
    equal "$(ls "$BATS_TEST_TMPDIR/other" 2> /dev/null || echo none)" none
    equal "$(figures heap keeps_blocks)" "1 1000 1 1000"
    equal "$(find "$DUMPS" -name '*thread*' | wc -l)" 0
    ends_with 29 run --dir="$BATS_TEST_TMPDIR/with blanks: and colons" -- "$LEAKTRACE_SPECIMENS/plain"
    equal "$(find "$BATS_TEST_TMPDIR/with blanks: and colons" -name '*.heap.pb.gz' | wc -l)" 1
}

@test "dump prints the paths of its files, in order" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    ends_with 0 dump "$PROGRAM"
    equal "$(cat "$BATS_TEST_TMPDIR/stdout")" "$(find "$DUMPS" -name "signals.$PROGRAM.0001.*" | LC_ALL=C sort)"
    equal "$(wc -l < "$BATS_TEST_TMPDIR/stdout")" 12
    equal "$(cat "$BATS_TEST_TMPDIR/stderr")" ""
    ends_with 0 dump "$PROGRAM"
    equal "$(grep -c '\.0002\.' "$BATS_TEST_TMPDIR/stdout")" 12
    finish
    equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" "handled 0"
}

@test "dump and mark say why they cannot" {
    local bare
    sleep 60 3>&- &
    bare=$!
    STARTED+=("$bare")
    ends_with 3 dump "$bare"
    said "process $bare is not traced by leaktrace"
    ends_with 3 mark "$bare"
    kill "$bare"
    wait "$bare" || true
    ends_with 3 dump "$bare"
    said "process $bare does not exist"
    ends_with 2 dump
    ends_with 2 mark frog
    said "'frog' is not a PID"
}

@test "dump says so when the folder cannot take it" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    mv "$DUMPS" "$DUMPS.away"
    : > "$DUMPS"
    ends_with 3 dump "$PROGRAM"
    rm "$DUMPS"
    mv "$DUMPS.away" "$DUMPS"
    ends_with 0 dump "$PROGRAM"
    finish
}

@test "ls lists the traced processes with their figures, and no others" {
    local other
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    other="$PROGRAM"
    wait_for_line ready
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    ends_with 0 ls
    equal "$(awk -v pid="$other" '$1 == pid { print $2 }' "$BATS_TEST_TMPDIR/stdout")" signals
    equal "$(awk -v pid="$PROGRAM" '$1 == pid { print $2 }' "$BATS_TEST_TMPDIR/stdout")" growth
    equal "$(awk -v pid="$$" '$1 == pid' "$BATS_TEST_TMPDIR/stdout")" ""
    ends_with 0 ls --format json
    python3 - "$PROGRAM" "$BATS_TEST_TMPDIR/stdout" << 'END'
import json, sys
rows = {row["pid"]: row for row in json.load(open(sys.argv[2]))["processes"]}
row = rows[int(sys.argv[1])]
assert row["program"] == "growth" and row["answered"] and row["dropped_events"] == 0, row
assert row["fds"] == 30 and row["threads"] == 5 and row["heap_bytes"] >= 4000 * 4096, row
END
    echo go >&"$INPUT"
    finish
    ends_with 0 ls
    equal "$(awk -v pid="$PROGRAM" '$1 == pid' "$BATS_TEST_TMPDIR/stdout")" "" "it has ended"
    kill -TERM "$other"
}

@test "mark sets the mark without a trace in the program" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    ends_with 0 mark "$PROGRAM"
    equal "$(cat "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr")" ""
    finish
    equal "$(figures heap_growth keeps_three "$(dump_file heap_growth 1)")" "0 0"
    equal "$(figures heap keeps_three "$(dump_file heap 1)")" "3 150 3 150"
}

# The function of the first row of a kind.
first_row() {
    awk -v kind="^$1:" '$0 ~ kind { here = 1 } here && /^ +1\./ { getline; print $1; exit }' "$BATS_TEST_TMPDIR/stdout"
}

@test "report takes a process, a dump's files, a file or a folder, and begins with the worst" {
    local source
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    ends_with 0 report "$PROGRAM"
    equal "$(first_row heap)" fill_cache
    equal "$(first_row fd)" fill_cache
    equal "$(first_row thread)" fill_pool
    kill -KILL "$PROGRAM"
    wait "$PROGRAM" || true
    for source in "$DUMPS" "$DUMPS/growth.$PROGRAM.0001.heap.pb.gz"; do
        ends_with 0 report "$source"
        equal "$(first_row heap)" fill_cache "$source"
    done
    ends_with 0 report "$DUMPS/growth.$PROGRAM.0001".*.pb.gz
    equal "$(first_row thread)" fill_pool
    ends_with 3 report "$BATS_TEST_TMPDIR"
    ends_with 3 report "$BATS_TEST_TMPDIR/none"
    said "No such file"
}

@test "the report's figures are those of the dump" {
    traced -- "$LEAKTRACE_SPECIMENS/plain" 50 || equal $? 29
    ends_with 0 report --format json "$DUMPS"
    python3 -m json.tool "$BATS_TEST_TMPDIR/stdout" > "$BATS_TEST_TMPDIR/json"
    grep -q keeps_blocks "$BATS_TEST_TMPDIR/json"
    grep -q 50000 "$BATS_TEST_TMPDIR/json"
    ends_with 0 report "$DUMPS"
    equal "$(first_row heap)" keeps_blocks
    grep -q '50 blocks' "$BATS_TEST_TMPDIR/stdout"
}

@test "the command refuses what it does not know, and names what is near" {
    ends_with 2 repot
    said "did you mean 'report'?"
    ends_with 2 serve 1
    said "not yet"
    ends_with 2
    ends_with 0 --version
    grep -q '^leaktrace [0-9]' "$BATS_TEST_TMPDIR/stdout"
    ends_with 0 --help
    ends_with 0 run --help
}
