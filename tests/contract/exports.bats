#!/usr/bin/env bats
# What libleaktrace.so offers to the programs that it is loaded into: the hooks, the C interface, and nothing else.

load ../support/leaktrace

exported() {
    nm -D --defined-only "$LEAKTRACE_LIBRARY" | awk '{ sub("@.*", "", $3); print $3 }' | sort
}

rows() {
    sed -nE 's/^SYMBOL\([^,]*, ([A-Za-z0-9_]+), .*$/\1/p' "$LEAKTRACE_SOURCE/lib/hook/symbols.def" | sort
}

# The names that the public header asks for.
interface() {
    echo __asan_default_options # AddressSanitizer's, see life/company.c
    grep -oE 'leaktrace_api_[a-z_]+' "$LEAKTRACE_SOURCE/include/leaktrace/leaktrace.h" | sort -u
}

@test "the library exports the rows of symbols.def and the C interface, no more and no less" {
    [ "$(rows | wc -l)" -gt 80 ]
    diff <({ rows; interface; } | sort) <(exported)
}

@test "no row stands twice" {
    equal "$(rows | uniq -d)" ""
}

@test "every export is a function" {
    equal "$(nm -D --defined-only "$LEAKTRACE_LIBRARY" | awk '$2 != "T"')" ""
}

@test "every hook that a file defines is a row" {
    local name
    while read -r name; do
        rows | grep -qx "$name" || { echo "$name is hooked, but no row of symbols.def" >&2 && return 1; }
    done < <(sed -nE 's/^HOOK [^(]*[ *]([A-Za-z0-9_]+)\(.*/\1/p' "$LEAKTRACE_SOURCE"/lib/*/*.c | grep -v '^leaktrace_api_')
}
