#!/usr/bin/env bats
# Options that cannot be, folders that cannot be used, disks and memory that are full: one clear line, and the program unharmed.

load ../support/leaktrace

teardown() {
    if [ -n "${MOUNTED:-}" ]; then
        umount "$MOUNTED"
    fi
}

# Runs the specimen with LEAKTRACE_OPTIONS=$1 and holds it against itself, run bare. Lines of leaktrace's are in `lines_of_ours`.
unharmed() {
    local options="$1" code=0
    shift
    "$LEAKTRACE_SPECIMENS/plain" "$@" > "$BATS_TEST_TMPDIR/bare.out" 2> "$BATS_TEST_TMPDIR/bare.err" || equal $? 29
    env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$options" "$LEAKTRACE_SPECIMENS/plain" "$@" \
        > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || code=$?
    equal "$code" 29 "exit status"
    diff "$BATS_TEST_TMPDIR/bare.out" "$BATS_TEST_TMPDIR/out"
    diff "$BATS_TEST_TMPDIR/bare.err" <(grep -v '^leaktrace\[' "$BATS_TEST_TMPDIR/err")
    lines_of_ours="$(grep '^leaktrace\[' "$BATS_TEST_TMPDIR/err" | sed 's/^leaktrace\[[0-9]*\]: //' || true)"
}

# One line that says so, and the dump all the same.
complains() {
    unharmed "dir=$DUMPS:$1"
    equal "$(grep -cF -- "$2" <<< "$lines_of_ours")" 1 "$lines_of_ours"
    equal "$(wc -l <<< "$lines_of_ours")" 2 "$lines_of_ours"
    equal "$(grep -c '^dump ' <<< "$lines_of_ours")" 1 "$lines_of_ours"
}

no_dumps() {
    equal "$(find "$1" -name '*.pb.gz' 2> /dev/null | wc -l)" 0 "dumps in $1"
}

@test "a program is unharmed, and one line tells of its dump" {
    unharmed "dir=$DUMPS"
    equal "$lines_of_ours" "dump $(find "$DUMPS" -name '*.0001.heap.pb.gz' | sed 's/\.heap\.pb\.gz$//') (exit)"
}

@test "an unknown option gets one line with the nearest name" {
    complains intervall=5 "unknown option 'intervall', did you mean 'interval'?"
    complains singal=USR1 "did you mean 'signal'?"
    complains qwertyuiop=1 "unknown option 'qwertyuiop'"
}

@test "a bad value gets one line that says what the option takes" {
    complains interval=soon "bad value 'soon' for option interval"
    complains depth=0 "bad value '0' for option depth: it takes 1 to 512"
    complains depth=513 "bad value '513' for option depth"
    complains signal=KILL "bad value 'KILL' for option signal"
    complains memory=3 "bad value '3' for option memory"
    complains profiles=heap,frogs "bad value 'heap,frogs' for option profiles"
    complains at_exit=maybe "bad value 'maybe' for option at_exit"
    complains checkpoint=0.0005 "bad value '0.0005' for option checkpoint"
    complains at_rss=101% "bad value '101%' for option at_rss"
    complains at_fds=0 "bad value '0' for option at_fds"
    complains keep=0 "bad value '0' for option keep"
    complains max_disk=1000 "bad value '1000' for option max_disk"
    complains depth "option depth needs a value"
}

@test "an option that does not exist yet is refused in one line" {
    complains profiles=heap,mmap "mmap is not yet there"
}

@test "a folder that cannot be made or is none gets one line, and no dump" {
    unharmed "dir=$BATS_TEST_TMPDIR/none/at/all"
    equal "$(grep -c "cannot use the folder $BATS_TEST_TMPDIR/none/at/all: No such file or directory" <<< "$lines_of_ours")" 1
    equal "$(wc -l <<< "$lines_of_ours")" 1 "$lines_of_ours"
    : > "$BATS_TEST_TMPDIR/file"
    unharmed "dir=$BATS_TEST_TMPDIR/file"
    equal "$(grep -c "cannot use the folder $BATS_TEST_TMPDIR/file: it is not a folder" <<< "$lines_of_ours")" 1
    equal "$(wc -l <<< "$lines_of_ours")" 1 "$lines_of_ours"
    # Nobody, not even root, can write there.
    unharmed "dir=/proc/self"
    equal "$(grep -c "cannot write /proc/self/" <<< "$lines_of_ours")" 1 "$lines_of_ours"
    equal "$(wc -l <<< "$lines_of_ours")" 1 "$lines_of_ours"
}

@test "a missing folder is made, for its owner alone" {
    unharmed "dir=$BATS_TEST_TMPDIR/made"
    equal "$(stat -c %a "$BATS_TEST_TMPDIR/made")" 700
    equal "$(stat -c %a "$BATS_TEST_TMPDIR/made"/*.heap.pb.gz)" 600
}

@test "a default folder that is a link, or open to others, is refused" {
    local default
    export TMPDIR="$BATS_TEST_TMPDIR/tmp"
    default="$TMPDIR/leaktrace-$(id -u)"
    mkdir -p "$TMPDIR/elsewhere"
    ln -s elsewhere "$default"
    unharmed ""
    equal "$(grep -c "cannot use the folder $default: it is a link or no folder" <<< "$lines_of_ours")" 1 "$lines_of_ours"
    no_dumps "$TMPDIR"
    rm "$default"
    mkdir -m 777 "$default"
    unharmed ""
    equal "$(grep -c "cannot use the folder $default: others may write or read in it" <<< "$lines_of_ours")" 1 "$lines_of_ours"
    no_dumps "$TMPDIR"
    chmod 700 "$default"
    unharmed ""
    equal "$(find "$default" -name '*.heap.pb.gz' | wc -l)" 1
}

@test "a full disk gets one line; what was dumped before is untouched, and nothing half is left" {
    local before
    MOUNTED="$BATS_TEST_TMPDIR/small"
    mkdir "$MOUNTED"
    mount -t tmpfs -o size=256k,mode=700 tmpfs "$MOUNTED"
    unharmed "dir=$MOUNTED:format=pprof,text"
    equal "$(find "$MOUNTED" -type f | wc -l)" 12
    before="$(sha256sum "$MOUNTED"/*)"
    head -c 1M /dev/zero > "$MOUNTED/filler" 2> /dev/null || true
    unharmed "dir=$MOUNTED:format=pprof,text"
    equal "$(grep -c "^cannot write $MOUNTED/.*: No space left on device; what was dumped before is untouched" <<< "$lines_of_ours")" 1
    equal "$(wc -l <<< "$lines_of_ours")" 1 "$lines_of_ours"
    rm "$MOUNTED/filler"
    equal "$(sha256sum "$MOUNTED"/*)" "$before"
    equal "$(find "$MOUNTED" -type f | wc -l)" 12 "$(ls -A "$MOUNTED")"
}

@test "the library's lines go where they are told to" {
    unharmed "dir=$DUMPS:log=none"
    equal "$lines_of_ours" ""
    unharmed "dir=$DUMPS:log=$BATS_TEST_TMPDIR/log"
    equal "$lines_of_ours" ""
    equal "$(grep -c '^leaktrace\[[0-9]*\]: dump ' "$BATS_TEST_TMPDIR/log")" 1
    unharmed "dir=$DUMPS:log=$BATS_TEST_TMPDIR/none/log"
    equal "$lines_of_ours" ""
}

@test "a depth keeps that many frames from the leaf end, and what is cut is marked" {
    traced depth=1 -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(figures heap keeps_blocks)" "1 1000 1 1000"
    equal "$(awk '/^#\t/ { frames++; next } frames > 1 { exit 1 } { frames = 0 }' "$(newest heap)" && echo one)" one
    equal "$(rows heap keeps_blocks | sed 's/ 0x[0-9a-f]*//g')" "1 1000 1 1000 truncated"
    equal "$(comment heap truncated_stacks | awk '{ print ($1 > 0) }')" 1
    traced depth=64 -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(comment heap truncated_stacks)" 1 "only the stack of 100 calls"
    traced depth=512 -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(comment heap truncated_stacks)" 0
    equal "$(figures heap descend)" "1 1000 1 1000"
}

@test "memory that is used up drops events, which are counted, and the program is unharmed" {
    unharmed "dir=$DUMPS:memory=1M:format=text" 200000
    equal "$(comment heap dropped_memory | awk '{ print ($1 > 100000) }')" 1
    equal "$(comment heap dropped_events)" "$(comment heap dropped_memory)"
    equal "$(comment heap own_memory_bytes | awk '{ print ($1 <= 1048576) }')" 1 "$(comment heap own_memory_bytes)"
    unharmed "dir=$DUMPS:format=text" 200000
    equal "$(figures heap keeps_blocks)" "200000 200000000 200000 200000000"
    equal "$(comment heap dropped_events)" 0
}

@test "only the profiles that are wanted are written" {
    traced profiles=heap -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(find "$DUMPS" -name '*.pb.gz' | sed 's/.*\.0001\.//' | sort | tr '\n' ' ')" "heap.pb.gz heap_growth.pb.gz "
    rm -r "$DUMPS"
    mkdir -m 700 "$DUMPS"
    traced profiles=fd,thread -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(find "$DUMPS" -name '*.pb.gz' | wc -l)" 4
    equal "$(figures fd keeps_descriptor)" "1 1"
    equal "$(find "$DUMPS" -name '*heap*' | wc -l)" 0
}

@test "programs that the list of globs does not name run untouched" {
    unharmed "dir=$BATS_TEST_TMPDIR/made:exe=exporter,ngin?"
    equal "$lines_of_ours" ""
    equal "$(ls -d "$BATS_TEST_TMPDIR/made" 2> /dev/null || echo none)" none
    unharmed "dir=$DUMPS:exe=exporter,pla*"
    equal "$(find "$DUMPS" -name 'plain.*.heap.pb.gz' | wc -l)" 1
}

@test "function names can be left out" {
    traced symbols=none -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(figures heap keeps_blocks)" "0 0 0 0"
    run ! grep -q keeps_blocks <(gzip -dc "$DUMPS"/*.heap.pb.gz)
    equal "$(total heap inuse_space | awk '{ print ($1 >= 2000) }')" 1
    traced symbols=functions -- "$LEAKTRACE_SPECIMENS/plain" || equal $? 29
    equal "$(figures heap keeps_blocks)" "1 1000 1 1000"
}
