#!/usr/bin/env bash
# Measures what tracing costs, beside bare runs and other tools, and prints tables. All options: bench.sh --help;
# how to read the tables: tests/bench/README.md.
#
#   tools/dev/bench.sh              programs under each tool, 5 rounds: about half an hour
#   tools/dev/bench.sh --quick      one round of little work
#   tools/dev/bench.sh --all        everything, 8 GB of memory, more than an hour
caller=$PWD
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Paths among the arguments are the caller's.
bench() {
    cd "$caller" || exit
    exec /usr/bin/python3 -B "$LEAKTRACE_SOURCE/tests/bench/bench.py" "$@"
}

mapfile -t packages <"$LEAKTRACE_SOURCE/tests/bench/packages.txt"
need_packages "${packages[@]}"
case " $* " in
    *" --help "* | *" -h "* | *" --library"[\ =]*) bench "$@" ;;
esac
"$LEAKTRACE_SOURCE/tools/dev/deps.sh"
build_preset release
bench --library "$LEAKTRACE_SOURCE/build/release/lib/libleaktrace.so" "$@"
