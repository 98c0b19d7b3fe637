#!/usr/bin/env bash
# Holds the table of verdicts against valgrind and LeakSanitizer; 10 minutes.
#
#   tests/integration/gate/oracles.sh [--only valgrind|lsan] [FAMILY | "FAMILY CASE"]...
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/dev/common.sh"

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test
build_preset release
cmake --build build/release --target gate_lsan >build/gate_lsan.log 2>&1 || give_up "build of the cases failed; see build/gate_lsan.log"
exec /usr/bin/python3 -B tests/integration/gate/oracles.py --valgrind build/release/gate/O0 --lsan build/release/gate/lsan "$@"
