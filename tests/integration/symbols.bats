#!/usr/bin/env bats
# Lines of code: what the command says of an address is what addr2line says, wherever the debug information is.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"

SOURCES="$LEAKTRACE_SOURCE/tests/support/symbols"

# Compiles a source into $PROGRAM, with debug information and build id, and traces it. A copy of the whole program stays.
trace() {
    local compiler=gcc source="$SOURCES/$1"
    shift
    PROGRAM="$BATS_TEST_TMPDIR/bin/specimen"
    COMPLETE="$BATS_TEST_TMPDIR/complete"
    mkdir -p "${PROGRAM%/*}"
    [ "${source##*.}" = c ] || compiler=g++
    "$compiler" -g -Wl,--build-id -fno-builtin-malloc "$@" "$source" -o "$PROGRAM"
    cp "$PROGRAM" "$COMPLETE"
    traced -- "$PROGRAM"
    "$LEAKTRACE_COMMAND" report --format json --top 1000000 "$DUMPS" > "$BATS_TEST_TMPDIR/embedded.json"
}

# Takes the debug information out of the program, into FILE.
strip_into() {
    mkdir -p "$(dirname "$1")"
    objcopy --only-keep-debug "$PROGRAM" "$1"
    strip --strip-all "$PROGRAM"
}

build_id() {
    readelf -n "$COMPLETE" | sed -n 's/^ *Build ID: //p'
}

# Where a file of the program's build id stands below a folder.
by_build_id() {
    printf '%s/.build-id/%.2s/%s.debug' "$1" "$(build_id)" "$(build_id | cut -c 3-)"
}

report() {
    "$LEAKTRACE_COMMAND" report --format json --top 1000000 "$@" "$DUMPS" > "$BATS_TEST_TMPDIR/report.json" 2> "$BATS_TEST_TMPDIR/stderr"
}

# The report's lines are addr2line's, and it had nothing to say on standard error; at least NUMBER stacks run through inlined code.
lines_are_right() {
    local inlined="$1"
    shift
    report "$@"
    equal "$(cat "$BATS_TEST_TMPDIR/stderr")" ""
    /usr/bin/python3 "$SOURCES/compare.py" "$BATS_TEST_TMPDIR/report.json" "$PROGRAM" "$COMPLETE" > "$BATS_TEST_TMPDIR/compared" || {
        cat "$BATS_TEST_TMPDIR/compared" >&2
        return 1
    }
    [ "$(awk '/ inlined$/ { print $1 }' "$BATS_TEST_TMPDIR/compared")" -ge "$inlined" ]
}

# The frames of the program in the stack that has a function, as lines "FUNCTION FILE:LINE", once each.
frames_with() {
    /usr/bin/python3 - "$BATS_TEST_TMPDIR/report.json" "$1" << 'END'
import json, os, sys
kinds = json.load(open(sys.argv[1]))["reports"][0]["kinds"]
for site in (site for kind in kinds for site in kind["sites"]):
    frames = [f for f in site["frames"] if f["module"].endswith("/specimen")]
    if any(frame["function"] == sys.argv[2] for frame in frames):
        for frame in frames:
            print(frame["function"], os.path.basename(frame["file"]) + ":" + str(frame["line"]))
        break
END
}

@test "lines are addr2line's: C, -O0" {
    trace chain.c -O0
    lines_are_right 0
}

@test "lines are addr2line's: C, -O2 without frame pointers, at a fixed address" {
    trace chain.c -O2 -fomit-frame-pointer -no-pie
    lines_are_right 5
}

@test "lines are addr2line's: C, -O3 with clones and cold parts, DWARF 4" {
    trace chain.c -O3 -gdwarf-4 -fipa-cp-clone -freorder-blocks-and-partition
    lines_are_right 5
}

@test "lines are addr2line's: C, compressed debug information" {
    trace chain.c -O2 -gz
    lines_are_right 5
}

@test "lines are addr2line's: C++ templates and inlines, -O2" {
    trace templates.cc -O2
    lines_are_right 10
    equal "$(frames_with "operator()" | grep -A 2 '^operator()' | sed 's/<.*>//')" "operator() templates.cc:86
visit templates.cc:22
main templates.cc:86"
    equal "$(frames_with "shop::Deep<0ul>::take()" | head -n 3)" "shop::Deep<0ul>::take() templates.cc:69
shop::Deep<1ul>::take() templates.cc:62
shop::Deep<2ul>::take() templates.cc:62"
}

@test "lines are addr2line's: C++, -O2 with link-time optimisation" {
    trace templates.cc -O2 -flto
    lines_are_right 10
}

@test "lines are addr2line's: names of Rust, v0 and legacy" {
    trace rust.c -O2 -fno-optimize-sibling-calls
    lines_are_right 0
    equal "$(frames_with "<store::bucket::Bucket>::new" | cut -d ' ' -f 1 | head -n 4)" "<store::bucket::Bucket>::new
store::bucket::grow::<usize>
store::bucket::Bucket::fill
store::main::{{closure}}"
}

@test "functions of another file than the program's (split DWARF) have their lines" {
    cd "$BATS_TEST_TMPDIR"
    trace chain.c -O2 -gsplit-dwarf
    gcc -g -O2 -Wl,--build-id -fno-builtin-malloc "$SOURCES/chain.c" -o "$COMPLETE"
    cmp <(objcopy -O binary -j .text "$PROGRAM" /dev/stdout) <(objcopy -O binary -j .text "$COMPLETE" /dev/stdout)
    lines_are_right 5
}

@test "a debug file is found by its link, beside the program and in .debug" {
    trace chain.c -O2
    strip_into "$BATS_TEST_TMPDIR/bin/specimen.dbg"
    (cd "$BATS_TEST_TMPDIR/bin" && objcopy --add-gnu-debuglink=specimen.dbg specimen)
    lines_are_right 5
    mkdir "$BATS_TEST_TMPDIR/bin/.debug"
    mv "$BATS_TEST_TMPDIR/bin/specimen.dbg" "$BATS_TEST_TMPDIR/bin/.debug/"
    lines_are_right 5
}

@test "a debug file is found by its build id, in a folder like the system's" {
    trace chain.c -O2
    strip_into "$(by_build_id "$BATS_TEST_TMPDIR/symbols")"
    lines_are_right 5 --symbols "$BATS_TEST_TMPDIR/symbols"
    lines_are_right 5 --symbols "$BATS_TEST_TMPDIR/symbols/.build-id"
}

@test "the system's own debug files are found by build id: libc's" {
    trace chain.c -O2
    report
    [ "$(grep -c '"file": ".*libc-start.c"' "$BATS_TEST_TMPDIR/report.json")" -gt 0 ]
}

@test "on another machine the debug file alone is enough, whatever the folder's order" {
    local folder="$BATS_TEST_TMPDIR/symbols"
    trace chain.c -O2
    rm -r "$BATS_TEST_TMPDIR/bin"
    mkdir "$folder"
    objcopy --only-keep-debug "$COMPLETE" "$folder/specimen.debug"
    lines_are_right 5 --symbols "$folder"
    mkdir -p "$folder${PROGRAM%/*}"
    mv "$folder/specimen.debug" "$folder$PROGRAM.debug"
    lines_are_right 5 --symbols "$folder"
    rm "$folder$PROGRAM.debug"
    cp "$COMPLETE" "$folder$PROGRAM"
    lines_are_right 5 --symbols "$BATS_TEST_TMPDIR" --symbols "$folder"
    mv "$folder$PROGRAM" "$folder/specimen"
    lines_are_right 5 --symbols "$folder"
}

@test "a file of another build is refused with one line, and the names of the dump stay" {
    trace chain.c -O2
    sed 's/descend/ascend/' "$SOURCES/chain.c" > "$BATS_TEST_TMPDIR/other.c"
    gcc -g -O1 -Wl,--build-id "$BATS_TEST_TMPDIR/other.c" -o "$PROGRAM"
    report
    equal "$(wc -l < "$BATS_TEST_TMPDIR/stderr")" 1 "$(cat "$BATS_TEST_TMPDIR/stderr")"
    grep -q "^leaktrace: $PROGRAM is not used: it is another build" "$BATS_TEST_TMPDIR/stderr"
    grep -q "$(build_id)" "$BATS_TEST_TMPDIR/stderr"
    equal "$(grep -c ascend "$BATS_TEST_TMPDIR/report.json")" 0
    equal "$(frames_with descend | head -n 1)" "descend :0"
    cp "$COMPLETE" "$PROGRAM"
    strip_into "$BATS_TEST_TMPDIR/away"
    mkdir "$BATS_TEST_TMPDIR/symbols"
    gcc -g -O1 -Wl,--build-id "$BATS_TEST_TMPDIR/other.c" -o "$BATS_TEST_TMPDIR/symbols/specimen.debug"
    report --symbols "$BATS_TEST_TMPDIR/symbols"
    grep -q "specimen.debug is not used: it is another build" "$BATS_TEST_TMPDIR/stderr"
    equal "$(frames_with descend | head -n 1)" "descend :0"
}

@test "without build ids the debug link's checksum proves the debug file" {
    trace chain.c -O2 -Wl,--build-id=none
    strip_into "$BATS_TEST_TMPDIR/bin/specimen.debug"
    (cd "$BATS_TEST_TMPDIR/bin" && objcopy --add-gnu-debuglink=specimen.debug specimen)
    lines_are_right 5
    printf x >> "$BATS_TEST_TMPDIR/bin/specimen.debug"
    report
    grep -q "specimen.debug is not used: its checksum" "$BATS_TEST_TMPDIR/stderr"
    equal "$(frames_with descend | head -n 1)" "descend :0"
}

@test "without debug information the symbol table names what the dump does not" {
    trace chain.c -O2
    rm -r "$DUMPS"
    mkdir -m 700 "$DUMPS"
    strip --strip-debug "$PROGRAM"
    traced symbols=none -- "$PROGRAM"
    report
    equal "$(frames_with descend | sed -n 1p)" "descend :0"
}

@test "what several debug files share (dwz) is found by its build id, beside them or in a folder" {
    trace chain.c -O2
    gcc -g -O2 -DOTHER -Wl,--build-id "$SOURCES/chain.c" -o "$BATS_TEST_TMPDIR/bin/other"
    (cd "$BATS_TEST_TMPDIR/bin" && dwz -m shared.debug specimen other)
    readelf -S "$PROGRAM" | grep -q gnu_debugaltlink
    lines_are_right 5
    mkdir "$BATS_TEST_TMPDIR/symbols"
    mv "$BATS_TEST_TMPDIR/bin/shared.debug" "$BATS_TEST_TMPDIR/symbols/"
    lines_are_right 5 --symbols "$BATS_TEST_TMPDIR/symbols"
    gcc -g -Wl,--build-id "$SOURCES/rust.c" -o "$BATS_TEST_TMPDIR/symbols/shared.debug"
    report --symbols "$BATS_TEST_TMPDIR/symbols"
    grep -q "shared.debug is not used: it is another build" "$BATS_TEST_TMPDIR/stderr"
}

@test "a server of debug files is asked when DEBUGINFOD_URLS names one, and only then" {
    local server port files="$BATS_TEST_TMPDIR/served"
    trace chain.c -O2
    strip_into "$files/buildid/$(build_id)/debuginfo"
    /usr/bin/python3 -u -m http.server --bind 127.0.0.1 --directory "$files" 0 > "$BATS_TEST_TMPDIR/server" 2> "$BATS_TEST_TMPDIR/asked" 3>&- &
    server=$!
    STARTED+=("$server")
    wait_until grep -q '^Serving' "$BATS_TEST_TMPDIR/server"
    port="$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$BATS_TEST_TMPDIR/server")"
    report
    equal "$(frames_with descend | head -n 1)" "descend :0"
    equal "$(cat "$BATS_TEST_TMPDIR/asked")" ""
    export DEBUGINFOD_URLS="http://127.0.0.1:$port" DEBUGINFOD_CACHE_PATH="$BATS_TEST_TMPDIR/cache"
    lines_are_right 5
    unset DEBUGINFOD_URLS
    kill "$server"
}
