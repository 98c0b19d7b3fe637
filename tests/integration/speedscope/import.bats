#!/usr/bin/env bats
# What `leaktrace export` writes, read by speedscope's own importer (tools/dev/speedscope.sh): the figures are those of the dump.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"

# A dump of heap, descriptors and threads in $DUMPS.
make_dump() {
    traced -- "$LEAKTRACE_SPECIMENS/plain" 50 > "$BATS_TEST_TMPDIR/out" 2>&1 || equal $? 29
}

# import FORMAT [OPTION...]: exports the dump, and prints a line for each profile that speedscope finds in it.
import() {
    "$LEAKTRACE_COMMAND" export --to "$@" "$DUMPS" > "$BATS_TEST_TMPDIR/exported.$1"
    node "$LEAKTRACE_SOURCE/tests/support/speedscope_import.js" "$LEAKTRACE_SPEEDSCOPE" "$BATS_TEST_TMPDIR/exported.$1"
}

# total KIND TYPE: the sum of that sample type over the dump, as pprof has it.
total() {
    go tool pprof -raw -symbolize=none "$DUMPS"/*".$1.pb.gz" 2> /dev/null | awk -v type="$2/" '
        /^Samples:/ { getline; for (i = 1; i <= NF; i++) if (index($i, type) == 1) column = i; on = 1; next }
        /^Locations/ { on = 0 }
        on && $1 ~ /^[0-9]+:?$/ { sub(/:$/, "", $column); sum += $column }
        END { print sum + 0 }'
}

@test "speedscope finds every kind in one file, with the dump's figures" {
    local kind type rows=0
    make_dump
    import speedscope > "$BATS_TEST_TMPDIR/profiles"
    while IFS=$'\t' read -r name _ weight _; do
        kind="${name%%: *}" type="${name#*: }"
        equal "$weight" "$(total "$kind" "$type")" "$name"
        rows=$((rows + 1))
    done < "$BATS_TEST_TMPDIR/profiles"
    equal "$rows" 9
    equal "$(awk -F '\t' '$1 == "heap: inuse_objects" { print $2, $4 }' "$BATS_TEST_TMPDIR/profiles")" "none keeps_blocks"
    equal "$(awk -F '\t' '$1 == "heap: inuse_space" { print $2 }' "$BATS_TEST_TMPDIR/profiles")" bytes
}

@test "speedscope reads collapsed stacks, with the dump's figures" {
    make_dump
    import collapsed --kind heap > "$BATS_TEST_TMPDIR/profiles"
    equal "$(cut -f 3 "$BATS_TEST_TMPDIR/profiles")" "$(total heap inuse_space)"
}
