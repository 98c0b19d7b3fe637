#!/usr/bin/env bats
# The reduced form of gate/programs.sh: programs that the other tests need anyway, under the gate with its default suppressions.

load ../support/leaktrace

@test "real programs pass the gate, but for those that valgrind finds leaking too" {
    run python3 -B "$LEAKTRACE_SOURCE/tests/integration/gate/programs.py" --command "$LEAKTRACE_COMMAND" --gate-only \
        coreutils grep sed tar gzip xz-utils bzip2 curl git sqlite3 openssl python3 perl redis-server bash dash findutils nginx-light
    echo "# ${lines[-1]}" >&3
    equal "$status" 0 "$output"
}
