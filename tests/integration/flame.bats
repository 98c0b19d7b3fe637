#!/usr/bin/env bats
# `leaktrace flame`: the page, as a file and in a real browser.

load ../support/leaktrace

HOSTILE_NAMES=13
MIB=1048576

# One browser for all tests of this file.
setup_file() {
    export BROWSER="$BATS_FILE_TMPDIR/browser"
    python3 "$LEAKTRACE_SOURCE/tests/support/browser.py" hold "$BROWSER" > /dev/null 2> "$BROWSER.err" 3>&- &
    echo $! > "$BROWSER.pid"
    for _ in $(seq 600); do
        [ ! -e "$BROWSER" ] || return 0
        sleep 0.1
    done
    cat "$BROWSER.err" >&2
    return 1
}

teardown_file() {
    kill "$(cat "$BROWSER.pid")"
    wait "$(cat "$BROWSER.pid")" || true
}

make_profile() {
    python3 "$LEAKTRACE_SOURCE/tests/support/make_profile.py" "$@"
}

# Does in a browser what flame_page.py says.
in_browser() {
    python3 "$LEAKTRACE_SOURCE/tests/support/flame_page.py" "$@"
}

flame() {
    "$LEAKTRACE_COMMAND" flame "$@"
}

# A page of a small dump, in PAGE.
small_page() {
    PAGE="$BATS_TEST_TMPDIR/page.html"
    make_profile small "$DUMPS"
    flame "$DUMPS" -o "$PAGE"
}

@test "a page of a traced program names its sites, and asks nobody for anything" {
    traced -- "$LEAKTRACE_SPECIMENS/plain" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || equal $? 29
    flame "$DUMPS" -o "$BATS_TEST_TMPDIR/page.html"
    grep -q keeps_blocks "$BATS_TEST_TMPDIR/page.html"
    grep -q keeps_descriptor "$BATS_TEST_TMPDIR/page.html"
    grep -q "<title>plain (" "$BATS_TEST_TMPDIR/page.html"
    equal "$(grep -ciE '(src|href|action)=|@import|url\(|https?:' "$BATS_TEST_TMPDIR/page.html")" 0
    grep -q "default-src 'none'" "$BATS_TEST_TMPDIR/page.html"
    equal "$(flame "$DUMPS" -o - | md5sum)" "$(md5sum < "$BATS_TEST_TMPDIR/page.html")"
}

@test "a page knows no growth where no mark was set" {
    traced -- "$LEAKTRACE_SPECIMENS/plain" 50 > /dev/null 2>&1 || equal $? 29
    flame "$DUMPS" -o "$BATS_TEST_TMPDIR/page.html"
    equal "$(grep -c 'inuse_space</th>' "$BATS_TEST_TMPDIR/page.html")" 1
    equal "$(grep -c 'since the mark</th>' "$BATS_TEST_TMPDIR/page.html")" 0
}

@test "a PID is asked for a dump" {
    start -- "$LEAKTRACE_SPECIMENS/signals" wait
    wait_for_line ready
    flame "$PROGRAM" --kind fd -o "$BATS_TEST_TMPDIR/page.html"
    grep -q keeps_three "$BATS_TEST_TMPDIR/page.html"
    equal "$(grep -c '<h3>' "$BATS_TEST_TMPDIR/page.html")" 1
    finish
}

@test "what is wrong is one line, and leaves no page" {
    local page="$BATS_TEST_TMPDIR/page.html"
    run -2 --separate-stderr flame
    run -2 --separate-stderr flame "$DUMPS"
    # shellcheck disable=SC2154
    [[ "$stderr" == *"-o OUT.html"* ]]
    run -3 --separate-stderr flame "$DUMPS" -o "$page"
    [[ "$stderr" == *"there are no dumps in this folder"* ]]
    make_profile pair "$DUMPS"
    run -3 --separate-stderr flame "$DUMPS" -o "$page" --kind frog
    [[ "$stderr" == *"no profile of kind 'frog'"* ]]
    run -3 --separate-stderr flame "$DUMPS" --base "$DUMPS/pair.1.0001.heap.pb.gz" -o "$page"
    [[ "$stderr" == *"one dump each; here are 2 and 1"* ]]
    [ ! -e "$page" ]
    run -3 --separate-stderr flame "$DUMPS" -o "$BATS_TEST_TMPDIR/no/page.html"
    [[ "$stderr" == *"No such file or directory"* ]]
}

@test "a page of 16,000 stacks is smaller than 1 MB, and works" {
    make_profile large "$DUMPS" 16000
    flame "$DUMPS" -o "$BATS_TEST_TMPDIR/page.html"
    [ "$(stat -c %s "$BATS_TEST_TMPDIR/page.html")" -lt "$MIB" ]
    in_browser large "$BATS_TEST_TMPDIR/page.html"
}

@test "a click zooms into a frame" {
    small_page
    in_browser zoom "$PAGE"
}

@test "the search field marks frames and tells their share" {
    small_page
    in_browser search "$PAGE"
}

@test "every sample type and kind can be shown" {
    small_page
    in_browser types "$PAGE"
}

@test "flame and icicle, light and dark" {
    small_page
    in_browser layout "$PAGE"
}

@test "all can be done without a mouse" {
    small_page
    in_browser keyboard "$PAGE"
}

@test "with scripts off the page is tables" {
    small_page
    in_browser plain "$PAGE"
}

@test "two dumps, also of two builds, are compared by name" {
    make_profile pair "$DUMPS"
    flame "$DUMPS/pair.2.0002.heap.pb.gz" --base "$DUMPS/pair.1.0001.heap.pb.gz" -o "$BATS_TEST_TMPDIR/page.html"
    in_browser compare "$BATS_TEST_TMPDIR/page.html"
}

@test "no name in a dump can do anything to the page" {
    make_profile hostile "$DUMPS/hostile.pb.gz"
    flame "$DUMPS/hostile.pb.gz" -o "$BATS_TEST_TMPDIR/page.html"
    iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/page.html" > /dev/null
    in_browser hostile "$BATS_TEST_TMPDIR/page.html" "$HOSTILE_NAMES"
}
