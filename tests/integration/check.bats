#!/usr/bin/env bats
# Stacks against libunwind's slow walk, by check=N: each N-th is compared, and none may be different.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"
load "$LEAKTRACE_SOURCE/tests/support/programs"

FILES="$LEAKTRACE_SOURCE/tests/support/programs"

# How many were compared. What fork copies counts once: of all processes of a program that which has compared most.
compared() {
    awk '$1 == "#" && $2 == "checked_stacks" { name = FILENAME; sub(/.*\//, "", name); sub(/\..*/, "", name)
             if ($3 > most[name]) most[name] = $3 }
         END { for (name in most) sum += most[name]; print sum + 0 }' "$DUMPS/"*.heap.txt
}

# No stack was different, and at least so many were compared; all suites' tests together are counted by the last one.
all_agree() {
    local count
    count=$(compared)
    equal "$(doubts "$DUMPS/"*.txt)" ""
    [ "$count" -ge "$1" ] || equal "$count" "at least $1"
    echo "$count" >> "$BATS_FILE_TMPDIR/compared"
}

checks() {
    local every="$1"
    shift
    timeout 300 env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="dir=$DUMPS:format=text:depth=512:check=$every:log=$BATS_TEST_TMPDIR/log" \
        "$@" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" < /dev/null
}

@test "sqlite3's stacks are libunwind's" {
    cd "$BATS_TEST_TMPDIR"
    checks 1 sqlite3 -batch :memory: ".read $FILES/tables.sql" || true # a statement of the file is wrong on purpose
    all_agree 90000
}

@test "perl's stacks are libunwind's" {
    checks 1 perl -e 'my %h; push @{$h{$_ % 1000}}, "v$_" for 1 .. 60000; my @s = sort map { join ",", @{$h{$_}} } keys %h;
        print length(join "", map { s/v(\d)/<$1>/gr } @s), "\n"'
    all_agree 200000
}

@test "bash's stacks are libunwind's" {
    checks 1 bash -c 'for i in {1..4000}; do a+=("x$i"); done; for i in {1..600}; do c[i % 100]+=${a[i]//x/y}; done; echo "${c[@]}" | wc -c'
    all_agree 150000
}

# How many stacks there are depends on random primes, but for those of a curve.
@test "openssl's stacks are libunwind's" {
    checks 1 openssl ecparam -name secp384r1 -genkey -out "$BATS_TEST_TMPDIR/curve"
    all_agree 10000
    DUMPS="$DUMPS/of_primes"
    mkdir "$DUMPS"
    checks 1 openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/key" -subj /CN=x -days 1
    all_agree 10000
}

@test "git's stacks are libunwind's" {
    cd "$BATS_TEST_TMPDIR"
    mkdir tree
    for i in {1..60}; do seq "$i" $((i * 20)) > "tree/$i"; done
    checks 1 git init -q tree
    checks 1 git -C tree add .
    checks 1 git -C tree -c user.name=a -c user.email=a@example.org commit -q -m all
    checks 1 git -C tree gc -q
    checks 1 git -C tree fsck --strict
    checks 1 git -C tree log --stat
    all_agree 2000
}

@test "python3's stacks are libunwind's" {
    cd "$BATS_TEST_TMPDIR"
    PYTHONMALLOC=malloc checks 7 /usr/bin/python3 "$FILES/work.py" || equal "$?" 3
    all_agree 100000
}

@test "g++'s stacks are libunwind's" {
    checks 31 g++ -std=c++17 -O0 -c "$FILES/template.cc" -o "$BATS_TEST_TMPDIR/template.o"
    checks 101 g++ -std=c++17 -O2 -c "$FILES/template.cc" -o "$BATS_TEST_TMPDIR/template.o"
    all_agree 60000
}

@test "gdb's stacks are libunwind's" {
    checks 31 gdb -q -batch -ex 'info functions' -ex 'info types' "$LEAKTRACE_LIBRARY"
    all_agree 1000
}

start_checked() {
    local every="$1"
    shift
    start "format=text" "check=$every" depth=512 -- "$@"
}

# redis-server with these options of a check and a preload, under load.
redis_agrees() {
    PORT=$(free_port)
    start_checked "$1" redis-server --bind 127.0.0.1 --port "$PORT" --save '' --appendonly no --dir "$BATS_TEST_TMPDIR"
    eventually redis-cli -p "$PORT" ping
    redis-benchmark -p "$PORT" -n 2000 -c 20 -q -t set,get,incr,lpush,lrange_100,sadd,hset,zadd,mset > /dev/null
    redis-cli -p "$PORT" eval 'for i = 1, 5000 do redis.call("set", "k" .. i, string.rep("x", i % 200)) end return 1' 0
    redis-cli -p "$PORT" shutdown nosave
    wait "$SERVER"
    all_agree "$2"
}

@test "redis's stacks are libunwind's" {
    redis_agrees 1 100000
}

@test "redis's stacks are libunwind's with jemalloc behind" {
    PRELOAD="$LEAKTRACE_LIBRARY:libjemalloc.so.2" redis_agrees 7 10000
}

@test "redis's stacks are libunwind's with tcmalloc behind" {
    PRELOAD="$LEAKTRACE_LIBRARY:libtcmalloc.so.4" redis_agrees 7 10000
}

@test "nginx's stacks are libunwind's" {
    local folder="$BATS_TEST_TMPDIR/nginx"
    PORT=$(free_port)
    mkdir -p "$folder/www"
    seq 1 3000 > "$folder/www/numbers"
    sed "s:@FOLDER@:$folder:; s:@PORT@:$PORT:" "$FILES/nginx.conf" > "$folder/nginx.conf"
    if [ "$(id -u)" = 0 ]; then
        echo 'user root;' >> "$folder/nginx.conf" # workers dump where we may
    fi
    start_checked 1 /usr/sbin/nginx -e "$folder/error.log" -c "$folder/nginx.conf"
    eventually curl -sf -o /dev/null "http://127.0.0.1:$PORT/numbers"
    ab -q -n 3000 -c 8 "http://127.0.0.1:$PORT/numbers" > /dev/null
    ab -q -k -n 1000 -c 8 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$PORT/through/numbers" > /dev/null
    kill -QUIT "$SERVER"
    wait "$SERVER"
    all_agree 5000
}

@test "plugins that come to the place of others, and call over what these have left on the stack, have stacks of their own" {
    checks 1 "$LEAKTRACE_SPECIMENS/unloads" 200 "$LEAKTRACE_SPECIMENS/frames_narrow.so" "$LEAKTRACE_SPECIMENS/frames_wide.so"
    [ "$(sed -n 's/^same place //p' "$BATS_TEST_TMPDIR/out")" -ge 100 ]
    all_agree 200
    equal "$(total heap alloc_objects calls_plugin) $(total heap alloc_objects plugin_inner)" "200 200"
}

@test "plugins that come and go before the library is ready leave no rules either" {
    PRELOAD_BEHIND="$LEAKTRACE_SPECIMENS/early.so" traced depth=512 -- "$LEAKTRACE_SPECIMENS/unloads" 200 \
        "$LEAKTRACE_SPECIMENS/frames_narrow.so" "$LEAKTRACE_SPECIMENS/frames_wide.so" early > "$BATS_TEST_TMPDIR/out"
    [ "$(sed -n 's/^same place //p' "$BATS_TEST_TMPDIR/out")" -ge 100 ]
    equal "$(total heap alloc_objects calls_plugin) $(total heap alloc_objects plugin_inner)" "200 200"
    equal "$(allocated_in frames_narrow.so) $(allocated_in frames_wide.so)" "100 100"
}

# Allocations of the stacks that run through a module.
allocated_in() {
    awk -v module="/$1" '
        function add() { if (hit) sum += value; hit = 0 }
        /^#\t/ { if (index($0, module) == length($0) - length(module) + 1) hit = 1; next }
        /^[#h]/ { next }
        { add(); value = $1 }
        END { add(); print sum + 0 }' "$(newest heap)"
}

@test "converters that libc unloads by itself leave no rules to others in their place" {
    local name gconv="$BATS_TEST_TMPDIR/gconv"
    mkdir "$gconv"
    for name in narrow wide; do
        cp "$LEAKTRACE_SPECIMENS/frames_$name.so" "$gconv"
        echo "module INTERNAL ${name^^}// frames_$name 1" >> "$gconv/gconv-modules"
    done
    [ "$(GCONV_PATH="$gconv" "$LEAKTRACE_SPECIMENS/converts" 200 | sed 's/^same place //')" -ge 100 ]
    GCONV_PATH="$gconv" checks 1 "$LEAKTRACE_SPECIMENS/converts" 200
    all_agree 200
    equal "$(total heap alloc_objects plugin_inner)" 200
    equal "$(allocated_in frames_narrow.so) $(allocated_in frames_wide.so)" "100 100"
}

@test "stacks through code without tables end there, and nothing is made of it" {
    checks 1 "$LEAKTRACE_SPECIMENS/code_without_tables" 500
    equal "$(cat "$BATS_TEST_TMPDIR/out")" "blocks 2000"
    equal "$(comment heap mismatched_stacks)" 0
    equal "$(comment heap truncated_stacks)" 4 "return addresses in made code, two, by functions that allocate, two"
    equal "$(total heap alloc_objects allocates) $(total heap alloc_objects allocates_below)" "2000 1000"
    equal "$(total heap alloc_objects runs)" 0
}

# LEAKTRACE_WANDERS=N for N seeds of each.
@test "stacks of random programs are libunwind's" {
    local seed plugins=("$LEAKTRACE_SPECIMENS/frames_narrow.so" "$LEAKTRACE_SPECIMENS/frames_wide.so")
    for ((seed = 1; seed <= ${LEAKTRACE_WANDERS:-2}; seed++)); do
        checks 1 "$LEAKTRACE_SPECIMENS/wanders" "$seed" 1000 1 "${plugins[@]}"
        checks 1 "$LEAKTRACE_SPECIMENS/wanders" "$seed" 300 4 "${plugins[@]}"
    done
    all_agree 1000
}

@test "a million stacks and more were compared" {
    local sum
    sum=$(awk '{ sum += $1 } END { print sum }' "$BATS_FILE_TMPDIR/compared")
    [ "$sum" -ge 1000000 ] || equal "$sum" "at least 1000000"
}
