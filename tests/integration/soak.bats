#!/usr/bin/env bats
# The reduced form of tools/dev/soak.sh.

load ../support/leaktrace

soak() {
    timeout -s KILL 800 /usr/bin/python3 -B "$LEAKTRACE_SOURCE/tests/support/soak.py" "$LEAKTRACE_LIBRARY" "$LEAKTRACE_SPECIMENS/soak" \
        "$LEAKTRACE_SPECIMENS/plugin.so" "$@" >&2
}

@test "under stress the figures stay those of the model, and memory stays flat" {
    soak --rounds 45 --operations 20000 --threads 4
}

@test "with one thread, too, and few blocks" {
    soak --rounds 30 --operations 20000 --threads 1 --slots 50
}
