# What the suites of the gate share, beside support/leaktrace.
#
#   gate [OPTION...] -- PROGRAM [ARG...]   runs the gate: $status, $output (its standard output), $stderr
#   expect STATUS [TEXT]                   holds its status, and the last line of its result
#   field NAME                             a figure of the JSON in $BATS_TEST_TMPDIR/result.json

gate() {
    run --separate-stderr "$LEAKTRACE_COMMAND" gate "$@"
}

expect() {
    equal "$status" "$1" "exit status; it said: $stderr; and: $output" || return 1
    [ $# -lt 2 ] || equal "${lines[-1]}" "$2" "the result"
}

# Of Python's expression over the JSON `r`.
field() {
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
        "$BATS_TEST_TMPDIR/result.json" "$1"
}

# Fails with what standard error was, unless it has the text.
says() {
    case "$stderr" in
        *"$1"*) ;;
        *) printf 'not said: %s\nbut: %s\n' "$1" "$stderr" >&2 && return 1 ;;
    esac
}

specimen() {
    printf '%s/gate' "$LEAKTRACE_SPECIMENS"
}
