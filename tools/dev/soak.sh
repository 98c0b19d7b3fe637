#!/usr/bin/env bash
# Traces a program under stress for a long time, and holds leaktrace's figures against the program's own and its memory against what
# it was before. Prints both; all options: soak.sh --help.
#
#   tools/dev/soak.sh                                       half an hour
#   tools/dev/soak.sh --minutes 600 --threads 16 --slots 20000
#   tools/dev/soak.sh --options check=101
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test
build_preset release
build="$LEAKTRACE_SOURCE/build/release"
exec /usr/bin/python3 -B "$LEAKTRACE_SOURCE/tests/support/soak.py" "$build/lib/libleaktrace.so" "$build/specimens/soak" \
    "$build/specimens/plugin.so" --minutes 30 "$@"
