#!/usr/bin/env bash
# Runs all tests: everything on a release build, the unit tests again with the checks of a debug build and of AddressSanitizer, those
# with threads with ThreadSanitizer, and a short run of the fuzz target.
# The last line counts them.
#
#   tools/dev/test.sh [REGEX]     only the tests whose names match, on the release build
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test

passed=0 failed=0

# One line for each single test stands in ctest's log, in TAP; a program that died without one counts as one failure.
run() {
    local preset=$1 log="build/$1/Testing/Temporary/LastTest.log" ok not_ok status=0
    shift
    echo "== $preset"
    build_preset "$preset"
    ctest --test-dir "build/$preset" --parallel "$(nproc)" --output-on-failure "$@" || status=$?
    ok=$(grep -c '^ok [0-9]' "$log" || true)
    not_ok=$(grep -c '^not ok [0-9]' "$log" || true)
    [ "$status" = 0 ] || [ "$not_ok" -gt 0 ] || not_ok=1
    passed=$((passed + ok)) failed=$((failed + not_ok))
}

if [ $# -gt 0 ]; then
    run release -R "$1"
else
    run release
    run dev -L unit
    run asan -L unit
    run tsan -L threads
    run fuzz -L fuzz
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
