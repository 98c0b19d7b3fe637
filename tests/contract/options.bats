#!/usr/bin/env bats
# One table of options: what it says is what the library takes, what the command shows, and what the documents say.

load ../support/leaktrace

# Lines "NAME|DEFAULT|READY" of options.def.
rows() {
    sed -nE 's/^OPTION\(([a-z_]+), "([^"]*)", "[^"]*", ([01]), .*/\1|\2|\3/p' "$LEAKTRACE_SOURCE/lib/base/options.def"
}

not_ready() {
    rows | awk -F '|' '$3 == 0 { print $1 "=" $2 }'
}

@test "every row can be read by this test" {
    equal "$(rows | wc -l)" "$(grep -c '^OPTION(' "$LEAKTRACE_SOURCE/lib/base/options.def")"
    [ "$(rows | wc -l)" -ge 20 ]
}

@test "leaktrace run --help shows every option with its default" {
    local help name default
    help=$("$LEAKTRACE_COMMAND" run --help)
    while IFS='|' read -r name default _; do
        grep -qxF -- "  --$name=${default:-...}" <<<"$help" || { echo "--$name=$default is missing" >&2 && return 1; }
    done < <(rows)
    equal "$(grep -c 'not yet there' <<<"$(tr '\n' ' ' <<<"$help" | sed 's/  */ /g; s/not yet there/\n&/g')")" "$(not_ready | wc -l)"
}

@test "README sends its readers to leaktrace run --help" {
    grep -qF 'leaktrace run --help' "$LEAKTRACE_SOURCE/README.md"
    grep -qF 'LEAKTRACE_OPTIONS' "$LEAKTRACE_SOURCE/README.md"
}

@test "README names no option that there is not" {
    local name
    for name in $(grep -oE 'LEAKTRACE_OPTIONS="?[^"` ]+' "$LEAKTRACE_SOURCE/README.md" | sed 's/^LEAKTRACE_OPTIONS="*//' | tr ':' '\n' | sed 's/=.*//'); do
        rows | grep -q "^$name|" || { echo "README has $name" >&2 && return 1; }
    done
}

# Lines of the library go to the log that the test has given, so that the program's own are seen to be untouched.
@test "the library refuses each option that is not ready in one line, and the program runs on" {
    local pair
    for pair in $(not_ready) profiles=heap,mmap; do
        : >"$BATS_TEST_TMPDIR/log"
        run --separate-stderr traced at_exit=no "$pair" -- sh -c 'echo out; echo err >&2; exit 5'
        equal "$status" 5 "$pair"
        equal "$output" out "$pair"
        # shellcheck disable=SC2154
        equal "$stderr" err "$pair"
        equal "$(grep -c 'not yet' "$BATS_TEST_TMPDIR/log")" 1 "$pair"
        grep -qE "^leaktrace\[[0-9]+\]: .*${pair%%=*}.*not yet" "$BATS_TEST_TMPDIR/log"
    done
}

@test "leaktrace run refuses each option that is not ready as wrong usage, and runs nothing" {
    local pair
    for pair in $(not_ready) profiles=mmap; do
        run --separate-stderr "$LEAKTRACE_COMMAND" run "--$pair" -- touch "$BATS_TEST_TMPDIR/ran"
        equal "$status" 2 "$pair"
        equal "$output" "" "$pair"
        [[ "$stderr" == *"not yet"* ]]
        [ ! -e "$BATS_TEST_TMPDIR/ran" ]
    done
}

@test "an unknown option and a bad value are one line each, and the program runs on" {
    run --separate-stderr env LD_PRELOAD="$LEAKTRACE_LIBRARY" \
        LEAKTRACE_OPTIONS="dir=$DUMPS:at_exit=no:intervall=3:depth=0" sh -c 'echo out; exit 6'
    equal "$status" 6
    equal "$output" out
    # shellcheck disable=SC2154
    equal "${#stderr_lines[@]}" 2
    [[ "${stderr_lines[0]}" == "leaktrace["*"]: unknown option 'intervall', did you mean 'interval'?" ]]
    [[ "${stderr_lines[1]}" == "leaktrace["*"]: bad value '0' for option depth: it takes 1 to 512" ]]
}
