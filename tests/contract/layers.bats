#!/usr/bin/env bats
# Who may include whom: the table of lib/README.md, held against the #include lines.

load ../support/leaktrace

# Folders that the files of a folder may include from.
allowed() {
    case "$1" in
        base) echo base ;;
        store) echo store base ;;
        record) echo record store base ;;
        hook | go) echo hook record base ;;
        reach) echo reach store base ;;
        snapshot) echo snapshot reach store base ;;
        encode) echo encode snapshot store base ;;
        dump) echo dump encode snapshot reach store base ;;
        life) echo base store record hook reach snapshot encode dump life ;;
        *) echo "there is no layer $1" >&2 && return 1 ;;
    esac
}

# Lines "FILE HEADER" of all quoted includes under lib/.
includes() {
    (cd "$LEAKTRACE_SOURCE/lib" && grep -rE '^# *include "' --include='*.[chS]' . | sed -E 's|^\./([^:]*):# *include "([^"]*)".*|\1 \2|')
}

# Files under lib/ in which one of the words stands, but for those in comments.
files_with() {
    (cd "$LEAKTRACE_SOURCE/lib" && grep -rlE --include='*.[chS]' "$1" . | sed 's|^\./||' | sort | paste -sd ' ')
}

@test "each folder includes only from the folders below it" {
    local file header wrong=0
    [ "$(includes | wc -l)" -gt 150 ]
    while read -r file header; do
        if [[ " $(allowed "${file%%/*}") " != *" ${header%%/*} "* ]]; then
            echo "$file includes $header" >&2
            wrong=1
        fi
    done < <(includes)
    [ "$wrong" -eq 0 ]
}

@test "each quoted include is a file of lib, named from there" {
    local file header
    while read -r file header; do
        [ -f "$LEAKTRACE_SOURCE/lib/$header" ] || { echo "$file includes $header, which is not in lib" >&2 && return 1; }
    done < <(includes)
}

@test "uthash comes in through base/table.h alone" {
    equal "$(files_with '^# *include.*uthash')" base/table.h
}

@test "libunwind comes in through record/stack_libunwind.c alone" {
    equal "$(files_with '^# *include <libunwind')" record/stack_libunwind.c
}

@test "zlib comes in through encode/gzip alone" {
    equal "$(files_with '^# *include <zlib')" encode/gzip.h
    equal "$(files_with '"encode/gzip.h"')" "dump/dump_files.c encode/gzip.c"
}

@test "the environment is read in life/init.c alone" {
    equal "$(files_with '\<(getenv|secure_getenv|environ)\>')" life/init.c
}

@test "only dump and life write lines of their own" {
    equal "$(files_with '\<log_line\>' | tr ' ' '\n' | grep -vE '^(base/log\.[ch]|(dump|life)/.*)$' || true)" ""
}
