#!/usr/bin/env bash
# Runs real programs of Debian's packages bare and traced, holds the two against each other, and prints a table of the results, which
# is kept in tests/integration/matrix/README.md.
#
#   tools/dev/matrix.sh               all of them: about half an hour
#   tools/dev/matrix.sh NAME...       these only; the other rows of the table stay
#   tools/dev/matrix.sh --list        their names
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

sessions="$LEAKTRACE_SOURCE/tests/integration/matrix"
table="$sessions/README.md"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

names() {
    find "$sessions" -name '*.bash' -printf '%f\n' | sed 's/\.bash$//' | sort
}

# What a session says of itself: field `packages`, `program`, or `workload`.
about() {
    sed -n "s/^# $2: //p" "$sessions/$1.bash"
}

version() {
    local packages
    read -ra packages <<<"$(about "$1" packages)"
    dpkg-query -W -f '${Version}' "${packages[0]}"
}

# Runs one program and leaves its row of the table in $results.
run() {
    local name=$1 verdict=same row=($'-' - - -)
    MATRIX_PROGRAM=$name MATRIX_ROW="$results/$name.figures" bats --formatter tap "$sessions/program.bats" >"$results/$name.log" 2>&1 ||
        verdict=DIFFERS
    if [ -s "$results/$name.figures" ]; then
        read -ra row <"$results/$name.figures"
    fi
    printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$(about "$name" program)" "$(version "$name")" "$(about "$name" workload)" \
        "${row[@]}" "$verdict" | tee "$results/$name.row"
    if [ "$verdict" != same ]; then
        failed=$((failed + 1))
        sed 's/^/    /' "$results/$name.log"
    fi
}

# The row of a program: that of this run, else the one that is in the table already.
row_of() {
    if [ -e "$results/$1.row" ]; then
        cat "$results/$1.row"
    elif [ -e "$table" ]; then
        grep -F "| $(about "$1" program) |" "$table" || true
    fi
}

write_table() {
    local name
    cat <<'END'
# The matrix: real programs, bare and traced

Written by `tools/dev/matrix.sh`; do not edit. Each program does its session (the .bash files beside this) twice: bare, and with all
that the session starts traced, all kinds, and each process that lives for more than a second asked for a dump every second, by
SIGUSR2 or, where the program uses that itself, by `leaktrace dump`. The verdict is `same` when standard output, standard error (but
for lines of leaktrace's own), exit status, and the files made are the same, nothing hung, and all dumps can be read.

Dumps are those of all processes together; stacks, dropped events and truncated stacks are added up over the last dump of each process.

| program | version | workload | dumps | stacks | dropped | truncated | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- |
END
    for name in $(names); do
        row_of "$name"
    done
}

if [ "${1:-}" = --list ]; then
    names
    exit
fi
mapfile -t wanted < <([ $# -gt 0 ] && printf '%s\n' "$@" || names)
packages=(bats procps python3)
for name in "${wanted[@]}"; do
    [ -e "$sessions/$name.bash" ] || give_up "there is no program '$name'; --list names them"
    read -ra more <<<"$(about "$name" packages)"
    packages+=("${more[@]}")
done
"$LEAKTRACE_SOURCE/tools/dev/deps.sh"
need_packages "${packages[@]}"
build_preset release
export LEAKTRACE_SOURCE LEAKTRACE_BUILD="$LEAKTRACE_SOURCE/build/release"
export LEAKTRACE_LIBRARY="$LEAKTRACE_BUILD/lib/libleaktrace.so" LEAKTRACE_COMMAND="$LEAKTRACE_BUILD/bin/leaktrace"
failed=0
for name in "${wanted[@]}"; do
    run "$name"
done
write_table >"$results/table"
mv "$results/table" "$table"
echo "${#wanted[@]} programs, $failed of them differ"
[ "$failed" = 0 ]
