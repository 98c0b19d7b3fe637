#!/usr/bin/env bats
# The checkpoint: the newest state on disk, what is left of a process that is killed. LEAKTRACE_KILLS says how often one is killed
# at random (40).

load ../support/leaktrace

# Paths of the checkpoint's files of what was started, of a format, sorted.
checkpoint_files() {
    find "$DUMPS" -name "$NAME.$PROGRAM.last.*.${1:-txt}" | sort
}

has_checkpoint() {
    [ "$(checkpoint_files | wc -l)" -eq 6 ]
}

# Kills what was started, and waits for its end.
kill_program() {
    kill -KILL "$PROGRAM"
    wait "$PROGRAM" || true
}

# The moment of a .pb.gz file.
moment_of() {
    gzip -dc "$1" | protoc --decode_raw | sed -n 's/^9: //p'
}


@test "a killed process leaves its newest state, of all kinds and of one moment" {
    start checkpoint=0.1 -- "$LEAKTRACE_SPECIMENS/paired"
    wait_for_line ready
    wait_until has_checkpoint
    kill_program
    equal "$(checkpoint_files pb.gz | wc -l)" 6
    for file in $(checkpoint_files pb.gz); do
        gzip -t "$file"
        moment_of "$file"
    done > "$BATS_TEST_TMPDIR/moments"
    [ "$(sort -u "$BATS_TEST_TMPDIR/moments" | wc -l)" -le 2 ]
    grep -qx '# reason checkpoint' "$(checkpoint_files | head -n 1)"
}

@test "whenever a process is killed, every file left is whole and of one moment" {
    mkdir "$BATS_TEST_TMPDIR/kills"
    run python3 "$LEAKTRACE_SOURCE/tests/support/kill_at_random.py" "$LEAKTRACE_LIBRARY" "$LEAKTRACE_SPECIMENS/paired" \
        "$BATS_TEST_TMPDIR/kills" "${LEAKTRACE_KILLS:-40}"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "an orderly end removes the checkpoint: its last dump says more" {
    start checkpoint=0.05 -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_until has_checkpoint
    finish
    equal "$(find "$DUMPS" -name '*.last.*' | wc -l)" 0
    equal "$(find "$DUMPS" -name '*.0001.*.pb.gz' | wc -l)" 6
}

@test "an orderly end without a last dump removes it too: nobody was killed" {
    start checkpoint=0.05 at_exit=no -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_until has_checkpoint
    finish
    equal "$(find "$DUMPS" -type f | wc -l)" 0
}

@test "if the last dump cannot be written, the checkpoint stays" {
    start checkpoint=0.05 -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_until has_checkpoint
    mkdir "$DUMPS/.signals.$PROGRAM.0001.heap.pb.gz"
    finish
    equal "$(checkpoint_files | wc -l)" 6
    equal "$(find "$DUMPS" -name '*.0001.*' -type f | wc -l)" 0
    equal "$(grep -c 'cannot write .*0001.*what was dumped before is untouched' "$BATS_TEST_TMPDIR/log")" 1
}

@test "where nothing changes the files stay, and their time says that they still hold" {
    local file inode moment mark="$BATS_TEST_TMPDIR/mark"
    start checkpoint=0.05 -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_until has_checkpoint
    file="$DUMPS/signals.$PROGRAM.last.thread.pb.gz"
    # Two looks are enough for the first state of all to be over.
    for _ in 1 2; do
        touch "$mark"
        wait_until test "$file" -nt "$mark"
    done
    inode=$(stat -c %i "$file") moment=$(moment_of "$file")
    touch "$mark"
    wait_until test "$file" -nt "$mark"
    equal "$(stat -c %i "$file")" "$inode"
    equal "$(moment_of "$file")" "$moment"
    rm "$file"
    wait_until test -e "$file"
    [ "$(moment_of "$file")" -gt "$moment" ]
    finish
}

@test "without the option there is none, and a short program has none" {
    start checkpoint=0 -- "$LEAKTRACE_SPECIMENS/paired"
    wait_for_line ready
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    kill_program
    equal "$(find "$DUMPS" -name '*.last.*' | wc -l)" 0
    traced at_exit=no -- true
    equal "$(find "$DUMPS" -name '*.last.*' | wc -l)" 0
}

@test "a child of fork has a checkpoint of its own and leaves its parent's alone" {
    start checkpoint=0.05 -- sh -c 'while :; do :; done & child=$!; read -r line; kill -KILL $child; wait'
    wait_until eval 'has_checkpoint && [ "$(find "$DUMPS" -name "sh.*.last.*.txt" | wc -l)" -eq 12 ]'
    finish
    equal "$(find "$DUMPS" -name "sh.*.last.*.txt" | wc -l)" 6
    equal "$(checkpoint_files | wc -l)" 0
}
