#!/usr/bin/env bash
# Scores the verdicts of `leaktrace trend` on made series of known truth, and prints a table; the exit status is 1 when less than
# 95 % are right for one kind of series. See tests/bench/README.md.
#
#   tools/dev/trend.sh [SEEDS [FIRST [LEAST%]]]     1,000 seeds of each kind, from 1,000,000 on
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test
build_preset release
exec "$(find build/release -name trend_score -type f)" "$@"
