#!/usr/bin/env bash
# Holds what `leaktrace export` writes against speedscope's own importer, in node: the package comes from npm, into build/speedscope.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SPEEDSCOPE_VERSION=1.25.0

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" test
command -v npm >/dev/null || give_up "there is no npm: install Node.js 18 or newer with npm by hand"
build_preset release
npm install --prefix build/speedscope --no-save --no-audit --no-fund "speedscope@$SPEEDSCOPE_VERSION" >build/speedscope.log 2>&1 ||
    give_up "npm could not install speedscope; see build/speedscope.log"
export LEAKTRACE_SOURCE LEAKTRACE_COMMAND="$LEAKTRACE_SOURCE/build/release/bin/leaktrace"
export LEAKTRACE_LIBRARY="$LEAKTRACE_SOURCE/build/release/lib/libleaktrace.so"
export LEAKTRACE_SPECIMENS="$LEAKTRACE_SOURCE/build/release/specimens"
export LEAKTRACE_SPEEDSCOPE="$LEAKTRACE_SOURCE/build/speedscope/node_modules/speedscope"
exec bats tests/integration/speedscope/import.bats
