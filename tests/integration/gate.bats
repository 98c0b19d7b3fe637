#!/usr/bin/env bats
# The gate: what it says of a program by its exit status, and in each format.

load ../support/leaktrace
load ../support/gate

@test "a program without leaks passes" {
    gate -- "$(specimen)" keep
    expect 0 "leaktrace gate: no leaks in 1 process"
    equal "$stderr" ""
}

@test "a lost block fails with 23 and is shown with its place" {
    gate -- "$(specimen)" heap
    expect 23 "leaktrace gate: 1 leak in 1 process"
    [[ "$output" == *"3 heap blocks (96 B) definitely lost: lose_blocks (gate.c:"* ]]
    [[ "$output" == *"    #1 "* ]]
}

@test "blocks that are pointed to count with --leaks all, and heap blocks not at all with --no-heap" {
    gate --leaks all -- "$(specimen)" keep
    expect 23
    [[ "$output" == *"1 heap block (48 B) still reachable: keep_item"* ]]
    gate --no-heap -- "$(specimen)" heap
    expect 0
}

@test "descriptors count, but not standard streams, those that were given, or with --no-fds" {
    gate -- "$(specimen)" fd
    expect 23
    [[ "$output" == *"1 device descriptor left open: lose_descriptor"* ]]
    gate -- "$(specimen)" std
    expect 0
    gate -- "$(specimen)" keep 7< /dev/null
    expect 0
    gate --no-fds -- "$(specimen)" fd
    expect 0
}

@test "threads count with --threads alone" {
    gate --no-heap -- "$(specimen)" unjoined running
    expect 0
    gate --no-heap --threads -- "$(specimen)" unjoined
    expect 23
    [[ "$output" == *"1 thread not joined: start_thread"* ]]
    gate --no-heap --threads -- "$(specimen)" running
    expect 23
    [[ "$output" == *"1 thread still running: start_thread"* ]]
}

@test "the program's own failure wins, also a signal, and its leaks are still shown" {
    gate -- "$(specimen)" fd exit=3
    expect 3 "leaktrace gate: 1 leak in 1 process"
    gate -- "$(specimen)" fd kill=11
    expect 139 "leaktrace gate: 1 leak in 1 process"
}

@test "--exitcode replaces 23, and 0 only reports" {
    gate --exitcode 7 -- "$(specimen)" fd
    expect 7
    gate --exitcode 0 -- "$(specimen)" fd
    expect 0 "leaktrace gate: 1 leak in 1 process"
}

@test "a program that is not found, or cannot be run, gives 127 and 126" {
    gate -- /nonexistent/program
    expect 127
    says "/nonexistent/program: No such file or directory"
    gate -- "$LEAKTRACE_SOURCE/README.md"
    expect 126
}

@test "a program that was not looked at is never a pass" {
    printf 'int main(void) { return 0; }' | gcc -x c -static -o "$BATS_TEST_TMPDIR/static" -
    gate -- "$BATS_TEST_TMPDIR/static"
    expect 3 "leaktrace gate: incomplete, no leaks found in 0 processes"
    says "is a static program"
    gate -- sh -c "exec $BATS_TEST_TMPDIR/static"
    expect 3
    says "has left no dump"
    equal "$(wc -l <<< "$stderr")" 1
}

@test "a program that is killed has no verdict" {
    gate -- "$(specimen)" fd kill=9
    expect 137
    says "SIGKILL"
}

@test "where the heap is not traced nothing passes by it" {
    local jemalloc
    jemalloc=$(find /usr/lib -name libjemalloc.so.2 | head -n 1)
    LD_PRELOAD=$jemalloc gate -o 'log=none' -- "$(specimen)" keep
    [ "$status" -eq 0 ] || expect 3
    printf 'int main(void) { return 0; }' | gcc -x c -fsanitize=address -o "$BATS_TEST_TMPDIR/asan" -
    gate -- "$BATS_TEST_TMPDIR/asan"
    [ "$status" -ne 0 ]
    [ "$status" -ne 23 ]
}

@test "a program that closes its standard error is judged all the same" {
    gate -- "$(specimen)" mute heap
    expect 23
}

@test "the program's streams are its own" {
    gate -- sh -c 'cat; echo error >&2' <<< "from standard input"
    expect 0
    equal "${lines[0]}" "from standard input"
    equal "$stderr" error
}

@test "wrong usage is told in a line, before the program runs" {
    local words
    while read -r -a words; do
        gate "${words[@]}" -- touch "$BATS_TEST_TMPDIR/ran"
        expect 2
        [ ! -e "$BATS_TEST_TMPDIR/ran" ]
        [ -n "$stderr" ]
    done << EOF
--formt json
--format yaml
--format json=
--leaks some
--exitcode 256
--exitcode x
--fail-on new
--fail-on sometimes --baseline x
--update-baseline
--suppressions /nonexistent
--suppressions .
--baseline /nonexistent
--no-heap --no-fds
--rounds 2
--trigger true
--grace x
--warmup -1
--mark-at-signal TERM
--pid 1
--pid x --verdict .
--verdict .
-o nonsense=1
-o depth=x
EOF
    gate
    expect 2
    says "a PROGRAM is missing"
    gate --help
    expect 0
    [[ "$output" == Usage:* ]]
}

@test "nothing is left behind, and --dir keeps the dumps" {
    mkdir "$BATS_TEST_TMPDIR/tmp"
    TMPDIR="$BATS_TEST_TMPDIR/tmp" gate -- "$(specimen)" fd
    expect 23
    equal "$(ls "$BATS_TEST_TMPDIR/tmp")" ""
    gate --dir "$BATS_TEST_TMPDIR/kept" -- "$(specimen)" fd
    expect 23
    ls "$BATS_TEST_TMPDIR"/kept/gate.*.0001.heap_leak.pb.gz
    gate --verdict "$BATS_TEST_TMPDIR/kept"
    expect 23 "leaktrace gate: 1 leak in 1 process"
    gate --dir "$BATS_TEST_TMPDIR/kept" -- "$(specimen)" keep
    expect 0 "leaktrace gate: no leaks in 1 process"
}

@test "a folder may have any name that an option can hold" {
    local name
    for name in 'a " quote' "an ' apostrophe: and, others" $'two\nlines'; do
        gate --dir "$BATS_TEST_TMPDIR/$name" -- "$(specimen)" fd
        expect 23
        ls "$BATS_TEST_TMPDIR/$name"/*.fd.pb.gz
    done
    gate --dir "$BATS_TEST_TMPDIR/both \" and '" -- "$(specimen)" fd
    expect 3
    says "has both kinds of quotes"
}

@test "what only has the name of a dump is passed over" {
    mkdir "$BATS_TEST_TMPDIR/kept"
    mkfifo "$BATS_TEST_TMPDIR/kept/never.7.0001.heap.pb.gz"
    mkdir "$BATS_TEST_TMPDIR/kept/folder.8.0001.heap.pb.gz"
    run --separate-stderr timeout 20 "$LEAKTRACE_COMMAND" gate --dir "$BATS_TEST_TMPDIR/kept" -- "$(specimen)" fd
    expect 23 "leaktrace gate: 1 leak in 1 process"
    run --separate-stderr timeout 20 "$LEAKTRACE_COMMAND" gate --verdict "$BATS_TEST_TMPDIR/kept"
    expect 23 "leaktrace gate: 1 leak in 1 process"
    equal "$stderr" ""
}

@test "debug files elsewhere give lines" {
    mkdir "$BATS_TEST_TMPDIR/symbols"
    echo 'int open(const char *, int, ...); int main(void) { return open("/dev/null", 0) < 0; }' > "$BATS_TEST_TMPDIR/opens.c"
    gcc -g -o "$BATS_TEST_TMPDIR/opens" "$BATS_TEST_TMPDIR/opens.c"
    objcopy --only-keep-debug "$BATS_TEST_TMPDIR/opens" "$BATS_TEST_TMPDIR/symbols/opens.debug"
    strip "$BATS_TEST_TMPDIR/opens"
    gate -- "$BATS_TEST_TMPDIR/opens"
    [[ "$output" != *"opens.c:1"* ]]
    gate --symbols "$BATS_TEST_TMPDIR/symbols" -- "$BATS_TEST_TMPDIR/opens"
    expect 23
    [[ "$output" == *"main (opens.c:1)"* ]]
}

@test "a folder that cannot be made or read is leaktrace's failure" {
    gate --dir /proc/nonexistent -- "$(specimen)"
    expect 3
    TMPDIR=/nonexistent gate -- "$(specimen)"
    expect 3
    gate --verdict "$BATS_TEST_TMPDIR"
    expect 3
    says "no dumps"
}

@test "a result that cannot be written is a failure, but leaks weigh more" {
    gate --format json=/nonexistent/file -- "$(specimen)" keep
    expect 3
    says "cannot write /nonexistent/file: No such file or directory"
    gate --format json=/nonexistent/file -- "$(specimen)" fd
    expect 23
}

@test "a dump that is cut off is no verdict" {
    local file
    gate --dir "$BATS_TEST_TMPDIR/kept" -- "$(specimen)" keep
    for file in "$BATS_TEST_TMPDIR"/kept/*.heap_leak.pb.gz; do
        head -c 100 "$file" > "$file.cut"
        mv "$file.cut" "$file"
    done
    gate --verdict "$BATS_TEST_TMPDIR/kept"
    expect 3
}

@test "the options of the library are passed on, and LEAKTRACE_OPTIONS does not lead the gate astray" {
    LEAKTRACE_OPTIONS="at_exit=no:dir=/nonexistent:follow=none:sample=1M" gate -- "$(specimen)" fork heap
    expect 23
    gate -o exe=gate -- sh -c "$(specimen) fd; true"
    expect 23 "leaktrace gate: 1 leak in 1 process"
}

@test "every format is valid by its schema, to files and to standard output at once" {
    local dir="$BATS_TEST_TMPDIR" support="$LEAKTRACE_SOURCE/tests/support/gate"
    printf 'leak:keep_item\n' > "$dir/s.supp"
    gate --leaks all --threads --suppressions "$dir/s.supp" \
        --format "text,json=$dir/result.json,sarif=$dir/r.sarif,junit=$dir/r.xml,github=$dir/r.txt,gitlab=$dir/r.gl,markdown=$dir/r.md" \
        -- "$(specimen)" heap keep fd running
    expect 23
    python3 -m jsonschema -i "$dir/result.json" "$support/gate.schema.json"
    python3 -m jsonschema -i "$dir/r.sarif" "$support/sarif.schema.json"
    python3 -m jsonschema -i "$dir/r.gl" "$support/gitlab.schema.json"
    xmllint --noout --schema "$support/junit.xsd" "$dir/r.xml"
    equal "$(grep -c '^::error ' "$dir/r.txt")" "$(field 'r["failing"]')"
    grep -q '^| 3 heap blocks' "$dir/r.md"
    equal "$(field 'sorted({f["kind"] for f in r["findings"] if f["fails"]})')" "['fd', 'heap', 'thread']"
    equal "$(field '[f["suppressed_by"] for f in r["findings"] if f["stack"][0]["function"] == "keep_item"]')" "['leak:keep_item']"
    gate --format json,github -- "$(specimen)" fd
    equal "${lines[0]}" "{"
    equal "${lines[-1]}" "::notice title=leaktrace gate::1 leak in 1 process"
}

@test "a result that goes to a device, a pipe or a link leaves it what it is" {
    local dir="$BATS_TEST_TMPDIR"
    ln -s real.json "$dir/link.json"
    mkfifo "$dir/pipe"
    cat "$dir/pipe" > "$dir/piped" 3>&- &
    gate --format "json=$dir/link.json,github=$dir/pipe" -- "$(specimen)" fd
    expect 23
    wait $!
    [ -L "$dir/link.json" ]
    [ -p "$dir/pipe" ]
    grep -q '"leaks"' "$dir/real.json"
    grep -q '^::error ' "$dir/piped"
}

@test "when all formats go to files, a line on standard error sums up" {
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" fd
    expect 23
    equal "$output" ""
    equal "$stderr" "leaktrace: gate: 1 leak in 1 process"
    gate -q --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" fd
    equal "$stderr" ""
}

@test "the JSON tells each leak with its stack, processes and place" {
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" heap
    expect 23
    equal "$(field 'r["schema"], r["verdict"], r["program_status"], r["processes"]')" "('leaktrace-gate/1', 'leaks', 0, 1)"
    equal "$(field 'len(r["findings"])')" 1
    equal "$(field '[r["findings"][0][k] for k in ("kind", "class", "count", "bytes", "baseline")]')" "['heap', 'definite', 3, 96, 'new']"
    equal "$(field 'r["findings"][0]["stack"][0]["function"]')" lose_blocks
    equal "$(field 'r["findings"][0]["stack"][0]["file"].split("/")[-1]')" gate.c
}

@test "in a container, where numbers of processes are small, nothing is taken for lost" {
    gate -- unshare --user --map-root-user --pid --fork "$(specimen)" keep
    expect 0 "leaktrace gate: no leaks in 2 processes"
    gate -- unshare --user --map-root-user --pid --fork "$(specimen)" heap
    expect 23 "leaktrace gate: 1 leak in 2 processes"
}
