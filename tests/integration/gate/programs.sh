#!/usr/bin/env bash
# Runs real programs of Debian's under the gate and under valgrind, and keeps the table of their leaks in README.md beside this; 5 minutes.
#
#   tests/integration/gate/programs.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/dev/common.sh"

here="$LEAKTRACE_SOURCE/tests/integration/gate"
"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test
mapfile -t packages < <(sed -n 's/^\([a-z0-9.-]*\) .*/\1/p' "$here/programs.txt" | sort -u)
need_packages valgrind git redis-tools "${packages[@]}"
build_preset release
status=0
{
    cat "$here/programs.head.md"
    /usr/bin/python3 -B "$here/programs.py" --command "$LEAKTRACE_SOURCE/build/release/bin/leaktrace" || status=$?
} >"$here/README.new"
mv "$here/README.new" "$here/README.md"
exit "$status"
