#!/usr/bin/env bats
# One source for what users read: the command's own tables and --help texts are what the manual pages and the completion say.

load ../support/leaktrace

commands() {
    "$LEAKTRACE_COMMAND" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

# The long options that a help text lists.
options_of() {
    "$LEAKTRACE_COMMAND" "$1" --help | grep '^  -' | sed 's/^  //; s/   *.*//' | grep -oE -- '--[a-z_-]+' | sort -u
}

page() {
    mandoc -T utf8 -O width=100 "$LEAKTRACE_BUILD/man/$1" | sed 's/.\x08//g'
}

# What Tab offers behind these words, the last of which is the one at the cursor.
completed() {
    (
        compopt() { :; }
        # shellcheck source=/dev/null
        source "$LEAKTRACE_SOURCE/tools/leaktrace/completion/leaktrace.bash"
        COMP_WORDS=("$LEAKTRACE_COMMAND" "$@")
        COMP_CWORD=$#
        _leaktrace
        printf '%s\n' "${COMPREPLY[@]}"
    )
}

@test "every help text fits on 80 columns" {
    local name
    for name in $(commands); do
        equal "$("$LEAKTRACE_COMMAND" "$name" --help | awk 'length($0) > 80')" "" "$name"
    done
}

@test "every command that is there has a help text that begins with how it is used" {
    local name
    [ "$(commands | wc -l)" -ge 7 ]
    for name in $(commands); do
        "$LEAKTRACE_COMMAND" "$name" --help > "$BATS_TEST_TMPDIR/help"
        grep -q "^Usage: leaktrace $name" "$BATS_TEST_TMPDIR/help" || { cat "$BATS_TEST_TMPDIR/help" >&2 && return 1; }
    done
}

@test "the version is one line" {
    equal "$("$LEAKTRACE_COMMAND" --version | grep -cE '^leaktrace [0-9]+\.[0-9]+\.[0-9]+$')" 1
    equal "$("$LEAKTRACE_COMMAND" --version | wc -l)" 1
}

@test "the manual pages are sound" {
    equal "$(mandoc -T lint -W warning "$LEAKTRACE_BUILD"/man/* | grep -v 'missing date' || true)" ""
}

@test "leaktrace(1) has every command with every option of it" {
    local name option
    page leaktrace.1 > "$BATS_TEST_TMPDIR/page"
    for name in $(commands); do
        grep -qE "^   leaktrace $name( |$)" "$BATS_TEST_TMPDIR/page" || { echo "$name is missing" >&2 && return 1; }
        awk -v section="leaktrace $name" '/^   leaktrace / { inside = index($0 " ", "   " section " ") == 1 } inside' \
            "$BATS_TEST_TMPDIR/page" > "$BATS_TEST_TMPDIR/section"
        for option in $(options_of "$name"); do
            grep -qF -- "$option" "$BATS_TEST_TMPDIR/section" || { echo "$name $option is missing" >&2 && return 1; }
        done
    done
}

@test "libleaktrace(7) has every option of the library with its default" {
    local name default
    page libleaktrace.7 > "$BATS_TEST_TMPDIR/page"
    while IFS='|' read -r name default; do
        grep -qE "^ +$name=$(sed 's/[.*]/\\&/g' <<< "${default:-...}")( |$)" "$BATS_TEST_TMPDIR/page" || { echo "$name is missing" >&2 && return 1; }
    done < <(sed -nE 's/^OPTION\(([a-z_]+), "([^"]*)", .*/\1|\2/p' "$LEAKTRACE_SOURCE/lib/base/options.def")
}

@test "what is installed has the pages and the completion where others look for them" {
    DESTDIR="$BATS_TEST_TMPDIR/root" cmake --install "$LEAKTRACE_BUILD" --prefix /usr > /dev/null
    [ -s "$BATS_TEST_TMPDIR/root/usr/share/man/man1/leaktrace.1" ]
    [ -s "$BATS_TEST_TMPDIR/root/usr/share/man/man7/libleaktrace.7" ]
    [ -s "$BATS_TEST_TMPDIR/root/usr/share/bash-completion/completions/leaktrace" ]
}

@test "bash completes every command, and every option of each" {
    local name
    equal "$(completed "" | grep -v '^--' | sort)" "$(commands | sort)"
    equal "$(completed do)" doctor
    for name in $(commands); do
        equal "$(completed "$name" -- | sed 's/=$//' | sort -u)" "$(options_of "$name")" "$name"
    done
}

@test "bash completes what an option takes" {
    equal "$(completed report --format "" | paste -sd ' ')" "text json"
    equal "$(completed ls --format = j)" json
    equal "$(completed report --kind t)" thread
    touch "$BATS_TEST_TMPDIR/page.html"
    equal "$(completed flame x --output "$BATS_TEST_TMPDIR/pa")" "$BATS_TEST_TMPDIR/page.html"
}

@test "bash completes programs, and processes that are traced" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    completed dump "" | grep -qx "$PROGRAM"
    completed run --quiet mktem | grep -qx mktemp
    completed run -- mktem | grep -qx mktemp
    finish
}
