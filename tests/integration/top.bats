#!/usr/bin/env bats
# `leaktrace top`, as plain lines and on a terminal, which is tmux's.

load ../support/leaktrace

teardown() {
    tmux -L "$TERMINAL" kill-server 2> /dev/null || true
    for pid in "${STARTED[@]}"; do
        kill -CONT "$pid" 2> /dev/null || true
        kill -KILL "$pid" 2> /dev/null || true
    done
}

setup_file() {
    export TERMINAL="leaktrace-$BASHPID"
}

# Starts the specimen, which makes checkpoints only when it is asked, and a shell on a terminal of so many columns and lines.
begin() {
    start at_exit=no checkpoint=0 -- "$LEAKTRACE_SPECIMENS/leaks_on_demand"
    wait_for_line ready
    env -u TMUX LEAKTRACE="$LEAKTRACE_COMMAND" tmux -L "$TERMINAL" -f /dev/null new-session -d -x "${1:-100}" -y "${2:-20}" \
        "PS1='READY ' sh" 3>&- {INPUT}>&-
    wait_until shows READY
    keys "stty -g > $BATS_TEST_TMPDIR/before" Enter
}

keys() {
    tmux -L "$TERMINAL" send-keys "$@"
}

screen() {
    tmux -L "$TERMINAL" capture-pane -p
}

shows() {
    screen | grep -qE -- "$1"
}

hides() {
    ! shows "$1"
}

top() {
    keys "\$LEAKTRACE top $* $PROGRAM" Enter
    wait_until shows "SITE"
}

# Makes the specimen leak so many times.
leak() {
    local i done
    done=$(grep -c done "$BATS_TEST_TMPDIR/out" || true)
    for ((i = 0; i < $1; i++)); do
        echo >&"$INPUT"
    done
    wait_until has_leaked $((done + $1))
}

has_leaked() {
    [ "$(grep -c done "$BATS_TEST_TMPDIR/out")" = "$1" ]
}

# The shell is back, and the terminal is as it was: its settings, its screen, its cursor.
terminal_is_as_before() {
    wait_until shows "^READY *$|READY \$"
    equal "$(tmux -L "$TERMINAL" display-message -p '#{alternate_on} #{cursor_flag}')" "0 1" "alternate screen, cursor"
    keys "stty -g > $BATS_TEST_TMPDIR/after" Enter
    wait_until test -s "$BATS_TEST_TMPDIR/after"
    equal "$(cat "$BATS_TEST_TMPDIR/after")" "$(cat "$BATS_TEST_TMPDIR/before")" "settings"
    keys "echo typed words are \"see\"n" Enter
    wait_until shows "typed words are seen"
}

# The command itself, not the guard of its terminal.
top_pid() {
    pgrep -o -f "^$LEAKTRACE_COMMAND top .*$PROGRAM\$"
}

@test "without a terminal, each look is a block of lines with what is live and has grown" {
    begin
    leak 3
    "$LEAKTRACE_COMMAND" top --times 2 "$PROGRAM" > "$BATS_TEST_TMPDIR/lines"
    equal "$(grep -c '^leaks_on_demand (' "$BATS_TEST_TMPDIR/lines")" 2
    equal "$(grep -c '^heap .* keeps_ten_blocks ← serve ← main' "$BATS_TEST_TMPDIR/lines")" 2
    grep -qE '^heap +29\.3 KiB +0 B +30 +keeps_ten_blocks' "$BATS_TEST_TMPDIR/lines"
    grep -qE '^fd +3 +0 +3 +keeps_descriptor' "$BATS_TEST_TMPDIR/lines"
    run ! grep -q $'\033' "$BATS_TEST_TMPDIR/lines"
    equal "$("$LEAKTRACE_COMMAND" top --times 1 --kind fd --top 1 "$PROGRAM" | wc -l)" 4
}

@test "a look makes no numbered dump, and shows what is so now" {
    begin
    leak 1
    "$LEAKTRACE_COMMAND" top --times 1 "$PROGRAM" | grep -qE '^fd +1 '
    leak 1
    "$LEAKTRACE_COMMAND" top --times 1 "$PROGRAM" | grep -qE '^fd +2 '
    equal "$(find "$DUMPS" -name '*.0001.*' | wc -l)" 0
    finish
    equal "$(find "$DUMPS" -name '*.last.*' | wc -l)" 0
}

@test "it says why it cannot" {
    run -2 --separate-stderr "$LEAKTRACE_COMMAND" top
    run -2 --separate-stderr "$LEAKTRACE_COMMAND" top frog
    run -2 --separate-stderr "$LEAKTRACE_COMMAND" top --delay 0 1
    run -3 --separate-stderr "$LEAKTRACE_COMMAND" top $$
    # shellcheck disable=SC2154
    [[ "$stderr" == *"is not traced"* ]]
}

@test "what grows comes first, whatever is largest" {
    begin
    top
    shows "keeps_cache"
    leak 5
    wait_until shows "^.* \+[0-9.]+ [KM]iB +50 +keeps_ten_blocks"
    screen > "$BATS_TEST_TMPDIR/screen"
    equal "$(grep -nE 'keeps_(cache|ten_blocks)' "$BATS_TEST_TMPDIR/screen" | head -n 1 | grep -c keeps_ten_blocks)" 1
    keys s
    wait_until shows "^.976\.6 KiB|^> +976\.6 KiB"
    equal "$(screen | grep -E 'keeps_(cache|ten_blocks)' | head -n 1 | grep -c keeps_cache)" 1 "by what is live"
    keys q
    terminal_is_as_before
}

@test "keys change the kind, choose a site, show its stack and go back" {
    begin
    leak 2
    top
    shows '\[heap\]'
    keys Tab
    wait_until shows '\[fd\]'
    shows "> .*keeps_descriptor"
    keys Enter
    wait_until shows "live 2 descriptors"
    shows "^ +2  serve +leaks_on_demand"
    keys Escape
    wait_until shows "LIVE +GROWTH/MIN"
    keys Left
    wait_until shows '\[heap\]'
    keys Down
    wait_until shows "^ .*keeps_cache"
    keys q
    terminal_is_as_before
}

@test "frozen it stays as it is, and the process is not asked" {
    local written
    begin
    leak 1
    top --kind fd
    wait_until shows "> +1 .*keeps_descriptor"
    keys Space
    wait_until shows "frozen"
    written=$(stat -c %Y.%y "$DUMPS/leaks_on_demand.$PROGRAM.status")
    leak 4
    sleep 2
    shows "> +1 .*keeps_descriptor"
    equal "$(stat -c %Y.%y "$DUMPS/leaks_on_demand.$PROGRAM.status")" "$written"
    keys Space
    wait_until shows "> +5 .*keeps_descriptor"
    keys q
    terminal_is_as_before
}

@test "it fits the terminal, whatever its size becomes" {
    local size
    begin 120 30
    leak 1
    top
    for size in "60 10" "200 50" "30 5" "20 2" "100 20"; do
        # shellcheck disable=SC2086
        set -- $size
        tmux -L "$TERMINAL" resize-window -x "$1" -y "$2"
        [ "$2" -lt 4 ] || wait_until shows "^leaks_on_demand \("
        [ "$2" -lt 5 ] || wait_until shows "q quit"
        [ "$(screen | wc -l)" -le "$2" ]
    done
    wait_until shows "keeps_cache ← main"
    keys q
    terminal_is_as_before
}

@test "the terminal is as it was behind every signal that ends it" {
    local sig
    begin
    for sig in TERM INT HUP QUIT KILL; do
        top
        kill -"$sig" "$(top_pid)"
        rm -f "$BATS_TEST_TMPDIR/after"
        keys "" ""
        terminal_is_as_before
        keys "clear" Enter
    done
    top
    keys C-c
    rm -f "$BATS_TEST_TMPDIR/after"
    terminal_is_as_before
}

@test "stopped and continued, it gives the terminal back and takes it again" {
    begin
    keys "set -m" Enter
    top
    keys C-z
    terminal_is_as_before
    keys "fg" Enter
    wait_until shows "LIVE +GROWTH/MIN"
    keys q
    rm -f "$BATS_TEST_TMPDIR/after"
    terminal_is_as_before
}

@test "a process that does not answer, and one that ends, are told of" {
    begin
    top
    kill -STOP "$PROGRAM"
    wait_until shows "does not answer"
    shows "keeps_cache"
    kill -CONT "$PROGRAM"
    wait_until hides "does not answer"
    finish
    wait_until shows "process $PROGRAM has ended"
    shows "keeps_cache"
    keys q
    terminal_is_as_before
}
