#!/usr/bin/env bats
# Functions have their right names, in dumps that travel without the programs; stacks are those that a debugger sees.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"
load "$LEAKTRACE_SOURCE/tests/support/programs"

SOURCES="$LEAKTRACE_SOURCE/tests/support/names"

# shop and libshelf.so, in $HOME_OF_SHOP.
build_shop() {
    HOME_OF_SHOP="$BATS_TEST_TMPDIR/shop"
    mkdir -p "$HOME_OF_SHOP"
    gcc -g -O2 -fno-builtin-malloc -Wl,--build-id -shared -fPIC "$SOURCES/shelf.c" -o "$HOME_OF_SHOP/libshelf.so"
    gcc -g -O2 -fno-builtin-malloc -Wl,--build-id -I "$LEAKTRACE_SOURCE/include" "$SOURCES/shop.c" -o "$HOME_OF_SHOP/shop" \
        "$HOME_OF_SHOP/libshelf.so"
    cp -r "$HOME_OF_SHOP" "$BATS_TEST_TMPDIR/complete"
}

# Takes the symbols out of both files; a debug file of each is made first, in $BATS_TEST_TMPDIR/debug.
strip_shop() {
    local file

    mkdir -p "$BATS_TEST_TMPDIR/debug"
    for file in shop libshelf.so; do
        objcopy --only-keep-debug "$HOME_OF_SHOP/$file" "$BATS_TEST_TMPDIR/debug/$file.debug"
        strip "$HOME_OF_SHOP/$file"
        (cd "$BATS_TEST_TMPDIR/debug" && objcopy --add-gnu-debuglink="$file.debug" "$HOME_OF_SHOP/$file")
    done
}

shop() {
    traced "$@" -- "$HOME_OF_SHOP/shop" < /dev/null
}

# The chain of names from a leaf outward, for the block of the library.
chain() {
    awk -F '\t' '/ @ / { size = $0; sub(/^[0-9]+ /, "", size); on = size ~ /^300 /; next } on && /^#\t/ { print $3 }' "$(newest heap)" |
        head -n 4 | tr '\n' ' '
}

# A place as the library writes it when it has no name: the file and the offset of the function there.
offset_name() {
    printf '%s+%s' "${1##*/}" "$(nm "$BATS_TEST_TMPDIR/complete/$1" | awk -v name="$2" '$3 == name { sub(/^0+/, "", $1); print "0x" $1 }')"
}

@test "a dump in another folder has its names when the program and its library are gone" {
    build_shop
    shop
    mkdir "$BATS_TEST_TMPDIR/elsewhere"
    mv "$DUMPS/"*.heap.pb.gz "$BATS_TEST_TMPDIR/elsewhere/dump.pb.gz"
    rm -r "$HOME_OF_SHOP" "$BATS_TEST_TMPDIR/complete"
    cd "$BATS_TEST_TMPDIR/elsewhere"
    go tool pprof -traces -sample_index=inuse_space dump.pb.gz > traces
    equal "$(awk '$1 == "300B" { print $2; on = 1; next } /^-/ { on = 0 } on { print $1 }' traces | head -n 4 | tr '\n' ' ')" \
        "allocate_place shelf_put stock_shelf main "
    equal "$(go tool pprof -top -sample_index=inuse_objects dump.pb.gz | awk '$NF == "stock_shelf" { print $4 }')" 3
    equal "$(go tool pprof -top -sample_index=inuse_objects dump.pb.gz | awk '$NF == "größe_nehmen" { print $1 }')" 2
}

@test "names may have letters beyond ASCII" {
    build_shop
    shop
    equal "$(total heap inuse_objects größe_nehmen)" 2
}

@test "in stripped files exported functions keep their names, and others are named by where they are, never by a neighbour" {
    build_shop
    strip_shop
    shop
    equal "$(chain)" "$(offset_name libshelf.so allocate_place) shelf_put $(offset_name shop stock_shelf) $(offset_name shop main) "
}

@test "a debug file beside the program is found by its link" {
    build_shop
    strip_shop
    cp "$BATS_TEST_TMPDIR/debug/"* "$HOME_OF_SHOP/"
    shop
    equal "$(chain)" "allocate_place shelf_put stock_shelf main "
}

@test "a debug file in the folder .debug is found by its link" {
    build_shop
    strip_shop
    mv "$BATS_TEST_TMPDIR/debug" "$HOME_OF_SHOP/.debug"
    shop
    equal "$(chain)" "allocate_place shelf_put stock_shelf main "
}

@test "a debug file of another build is not believed" {
    build_shop
    strip_shop
    sed 's/größe_nehmen/something_else/; s/stock_shelf/wrong_name/' "$SOURCES/shop.c" > "$BATS_TEST_TMPDIR/other.c"
    gcc -g -O2 -fno-builtin-malloc -Wl,--build-id -I "$LEAKTRACE_SOURCE/include" "$BATS_TEST_TMPDIR/other.c" \
        -o "$BATS_TEST_TMPDIR/other" "$HOME_OF_SHOP/libshelf.so"
    objcopy --only-keep-debug "$BATS_TEST_TMPDIR/other" "$HOME_OF_SHOP/shop.debug"
    shop
    equal "$(total heap inuse_objects wrong_name)" 0
    equal "$(total heap inuse_objects "$(offset_name shop stock_shelf)")" 3
}

@test "the system's debug files are found by build id: libc has no table of its own for its inner functions" {
    build_shop
    shop
    equal "$(total heap inuse_objects __libc_start_call_main)" "$(total heap inuse_objects main)"
    [ "$(total heap inuse_objects main)" -ge 5 ]
}

@test "symbols=none gives addresses alone, and pprof finds the names in the program" {
    build_shop
    shop symbols=none
    equal "$(total heap inuse_objects main)" 0
    equal "$(total heap inuse_objects)" "$(total heap inuse_objects '')"
    go tool pprof -symbolize=local -top -sample_index=inuse_objects "$HOME_OF_SHOP/shop" "$DUMPS/"*.heap.pb.gz |
        awk '$NF == "stock_shelf" { found = $4 } END { exit found != 3 }'
}

has_printed() {
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "$1" ]
}

@test "a program whose file is replaced while it runs keeps its names and its sites" {
    build_shop
    mkfifo "$BATS_TEST_TMPDIR/in"
    traced -- "$HOME_OF_SHOP/shop" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" &
    SERVER=$!
    exec {in}> "$BATS_TEST_TMPDIR/in"
    printf . >&"$in"
    eventually has_printed ..
    rm "$HOME_OF_SHOP/shop"
    cp /bin/true "$HOME_OF_SHOP/shop"
    printf . >&"$in"
    eventually has_printed ...
    exec {in}>&-
    wait "$SERVER"
    equal "$(total heap inuse_objects stock_shelf)" 9
    equal "$(total heap inuse_objects größe_nehmen)" 6
    equal "$(grep -c '^9 900 9 900 @' "$(newest heap)")" 1 "one site"
    equal "$(grep -c deleted "$(newest heap)")" 0
}

@test "pprof shows the names of C++ without and with their arguments, and the profile keeps them as the linker knows them" {
    g++ -g -O1 "$SOURCES/stacks.cc" -o "$BATS_TEST_TMPDIR/stacks" -pthread
    traced -- "$BATS_TEST_TMPDIR/stacks"
    rm "$BATS_TEST_TMPDIR/stacks"
    go tool pprof -top -nodefraction=0 -nodecount=1000 "$DUMPS/"*.heap.pb.gz > "$BATS_TEST_TMPDIR/top"
    grep -q ' Circle::draw$' "$BATS_TEST_TMPDIR/top"
    grep -q ' draw_all$' "$BATS_TEST_TMPDIR/top"
    go tool pprof -symbolize=demangle=full -top -nodefraction=0 -nodecount=1000 "$DUMPS/"*.heap.pb.gz > "$BATS_TEST_TMPDIR/top"
    grep -q ' void draw_all<Shape>(std::unique_ptr<Shape, std::default_delete<Shape> >)$' "$BATS_TEST_TMPDIR/top"
    go tool pprof -symbolize=none -top -nodefraction=0 -nodecount=1000 "$DUMPS/"*.heap.pb.gz > "$BATS_TEST_TMPDIR/top"
    grep -q ' _ZN6Circle4drawEv$' "$BATS_TEST_TMPDIR/top"
    equal "$(total heap inuse_objects _ZN6Circle4drawEv)" 1
}

# Every kind of stack there is in stacks.cc, as compiled with the flags given, against gdb's.
as_gdb_sees_them() {
    g++ -g "$@" "$SOURCES/stacks.cc" -o "$BATS_TEST_TMPDIR/stacks" -pthread
    FRAMES="$BATS_TEST_TMPDIR/frames" timeout 60 gdb -q -nx -batch -ex "set exec-wrapper env 'LD_PRELOAD=$LEAKTRACE_LIBRARY' \
        'LEAKTRACE_OPTIONS=dir=$DUMPS:format=text:log=none:check=1'" -x "$SOURCES/frames.py" "$BATS_TEST_TMPDIR/stacks" \
        > "$BATS_TEST_TMPDIR/gdb" 2>&1
    grep -q 'exited normally' "$BATS_TEST_TMPDIR/gdb"
    /usr/bin/python3 "$SOURCES/compare.py" "$(newest heap stacks)" "$BATS_TEST_TMPDIR/frames" 19
    equal "$(comment heap truncated_stacks)" 0
    equal "$(comment heap mismatched_stacks)" 0
    [ "$(comment heap checked_stacks)" -ge 19 ]
}

@test "stacks are gdb's: -O0" {
    as_gdb_sees_them -O0
}

@test "stacks are gdb's: -O2 without frame pointers, position independent" {
    as_gdb_sees_them -O2 -fomit-frame-pointer -fPIE -pie
}

@test "stacks are gdb's: -O3 with frame pointers, at a fixed address" {
    as_gdb_sees_them -O3 -fno-omit-frame-pointer -no-pie
}

@test "stacks are gdb's: -Os, without a procedure linkage table, bound at start, with shadow-stack marks" {
    as_gdb_sees_them -Os -fno-plt -Wl,-z,now -fcf-protection=full
}

@test "stacks are gdb's: built for size with stack protector and link-time optimisation" {
    as_gdb_sees_them -O2 -flto -fstack-protector-all
}
