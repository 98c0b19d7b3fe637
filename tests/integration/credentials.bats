#!/usr/bin/env bats
# Programs that change their user and group find what they would find without leaktrace's thread.

load ../support/leaktrace

# Runs the specimen bare and traced and holds the two against each other.
same_as_bare() {
    "$LEAKTRACE_SPECIMENS/credentials" "$1" > "$BATS_TEST_TMPDIR/bare"
    traced -- "$LEAKTRACE_SPECIMENS/credentials" "$1" > "$BATS_TEST_TMPDIR/traced"
    diff "$BATS_TEST_TMPDIR/bare" "$BATS_TEST_TMPDIR/traced"
    # A folder of root's cannot take the dump of one who has become somebody else.
    if [ "$1" = drop ]; then
        [ "$(total heap inuse_objects main)" -ge 1 ]
    fi
}

@test "a program that keeps its capabilities over a change of user may change its group then" {
    same_as_bare keep
}

@test "a program that has given up the right to change its user and group is refused" {
    same_as_bare drop
}

@test "setpriv runs a program as somebody else" {
    if [ "$(id -u)" = 0 ]; then
        equal "$(traced -- setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/id -u)" 65534
    else
        equal "$(traced -- setpriv --reuid="$(id -u)" /usr/bin/id -u)" "$(id -u)"
    fi
}
