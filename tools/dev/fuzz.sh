#!/usr/bin/env bash
# Feeds the reader of profiles, and every view behind it, with mutations of a corpus, and stops at what it does not survive.
# What is found new stays in build/fuzz/found, and the next run begins there.
#
#   tools/dev/fuzz.sh [SECONDS]     ten minutes if none are given
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_packages bats clang-14 libclang-rt-14-dev python3
"$LEAKTRACE_SOURCE/tools/dev/deps.sh"
build_preset fuzz
mkdir -p build/fuzz/found build/fuzz/seeds build/fuzz/bombs
python3 -B tests/fuzz/make_corpus.py build/fuzz/seeds build/fuzz/bombs
cd build/fuzz
export ASAN_OPTIONS=quarantine_size_mb=16
exec "$(find . -name fuzz_profile -type f)" -max_total_time="${1:-600}" -max_len=65536 -timeout=30 -rss_limit_mb=1024 \
    found seeds "$LEAKTRACE_SOURCE/tests/fuzz/corpus"
