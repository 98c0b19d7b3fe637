#!/usr/bin/env bats
# Real programs under real load: they do what they do without leaktrace, and the figures hold against what others count.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"
load "$LEAKTRACE_SOURCE/tests/support/programs"

FILES="$LEAKTRACE_SOURCE/tests/support/programs"

redis_cli() {
    redis-cli -p "$PORT" "$@"
}

start_redis() {
    PORT=$(free_port)
    start "$@" -- redis-server --bind 127.0.0.1 --port "$PORT" --save '' --appendonly no --enable-debug-command yes --dir "$BATS_TEST_TMPDIR"
    eventually redis_cli ping
}

load_redis() {
    redis-benchmark -p "$PORT" -n 5000 -c 20 -q -t set,get,incr,lpush,lrange_100,sadd,hset,zadd,mset
}

stop_redis() {
    redis_cli shutdown nosave
    wait "$SERVER"
}

@test "redis serves a benchmark, is dumped by a signal in the middle of it, and every stack is whole" {
    start_redis check=101 depth=512
    load_redis > "$BATS_TEST_TMPDIR/benchmark" &
    local benchmark=$!
    eventually [ -s "$BATS_TEST_TMPDIR/benchmark" ]
    kill -USR2 "$SERVER"
    eventually grep -q '(signal)' "$BATS_TEST_TMPDIR/log"
    wait "$benchmark"
    redis_cli info stats | grep -q '^total_error_replies:0'
    stop_redis
    [ ! -s "$BATS_TEST_TMPDIR/server.err" ]
    sound
    checked redis 1000
}

@test "the descriptors of redis in the profile are those of the kernel, one for each client" {
    start_redis
    local clients=() fd file
    while [ ${#clients[@]} -lt 13 ]; do
        exec {fd}<> "/dev/tcp/127.0.0.1/$PORT"
        echo PING >&"$fd"
        head -c 5 <&"$fd" > /dev/null
        clients+=("$fd")
    done
    eventually at_rest "$SERVER" 14
    file=$(dump_of "$SERVER" fd)
    equal "$(rows fd inuse_fds '^acceptTcpHandler$' "$file")" 13
    equal "$(live fd inuse_fds state=ESTABLISHED "$file")" 13
    equal "$(live fd inuse_fds state=LISTEN "$file")" 1
    equal "$(live fd inuse_fds type=tcp "$file")" "$(kernel_fds "$SERVER" socket:)"
    equal "$(live fd inuse_fds type=pipe "$file")" "$(kernel_fds "$SERVER" pipe:)"
    equal "$(live fd inuse_fds type=epoll "$file")" "$(kernel_fds "$SERVER" 'anon_inode:\[eventpoll')"
    equal "$(comment fd unattributed_fds "$file")" 3 "standard input, output, error"
    for fd in "${clients[@]}"; do
        exec {fd}>&-
    done
    eventually at_rest "$SERVER" 1
    equal "$(live fd inuse_fds state=ESTABLISHED "$(dump_of "$SERVER" fd)")" 0
    stop_redis
}

@test "the threads of redis in the profile are those of the kernel" {
    start_redis
    local file
    file=$(dump_of "$SERVER" thread)
    # Beside the main thread and leaktrace's own, jemalloc's is nobody's: it asks libc itself for its pthread_create.
    equal "$(comment thread unattributed_threads "$file")" "$(grep -l jemalloc_bg "/proc/$SERVER/task/"*/comm | wc -l)"
    equal "$(total thread inuse_threads "" "$file")" $(($(grep -L jemalloc_bg "/proc/$SERVER/task/"*/comm | wc -l) - 2))
    equal "$(total thread inuse_threads bioInit "$file")" 3
    stop_redis
}

@test "redis forks to save its data, and the child is traced as well" {
    start_redis
    redis_cli debug populate 20000 > /dev/null
    redis_cli bgsave > /dev/null
    eventually grep -q '(_\?exit)' "$BATS_TEST_TMPDIR/log"
    redis_cli info persistence | grep -q 'rdb_last_bgsave_status:ok'
    stop_redis
    redis-check-rdb "$BATS_TEST_TMPDIR/dump.rdb" | grep -q '20000 keys read'
    sound
    equal "$(find "$DUMPS" -name 'redis*.heap.txt' | wc -l)" 2
}

with_allocator() {
    PRELOAD="$LEAKTRACE_LIBRARY:$1" start_redis check=101 depth=512
    load_redis > /dev/null
    grep -q "$1" "/proc/$SERVER/maps"
    redis_cli debug populate 10000 > /dev/null
    local file
    file=$(dump_of "$SERVER" heap)
    # A key is two blocks at least.
    [ "$(rows heap inuse_objects '^debugCommand$' "$file")" -ge 20000 ]
    stop_redis
    [ ! -s "$BATS_TEST_TMPDIR/server.err" ]
    sound
}

@test "redis runs with jemalloc" {
    with_allocator libjemalloc.so.2
}

@test "redis runs with tcmalloc" {
    with_allocator libtcmalloc.so.4
}

@test "redis runs with mimalloc" {
    with_allocator libmimalloc.so.2
}

start_nginx() {
    local folder="$BATS_TEST_TMPDIR/nginx"
    PORT=$(free_port)
    mkdir -p "$folder/www"
    seq 1 3000 > "$folder/www/numbers"
    sed "s:@FOLDER@:$folder:; s:@PORT@:$PORT:" "$FILES/nginx.conf" > "$folder/nginx.conf"
    # Workers stay who we are, so that they may read and dump where we may.
    if [ "$(id -u)" = 0 ]; then
        echo 'user root;' >> "$folder/nginx.conf"
    fi
    start "$@" -- /usr/sbin/nginx -e "$folder/error.log" -c "$folder/nginx.conf"
    eventually curl -sf -o /dev/null "http://127.0.0.1:$PORT/numbers"
}

ab_succeeds() {
    ab -q "$@" > "$BATS_TEST_TMPDIR/ab"
    grep -q '^Failed requests: *0$' "$BATS_TEST_TMPDIR/ab"
}

@test "nginx, its master and its workers serve a load of files and of compressed answers from behind themselves" {
    start_nginx check=1 depth=512
    ab_succeeds -n 2000 -c 8 "http://127.0.0.1:$PORT/numbers"
    ab_succeeds -k -n 2000 -c 8 -H 'Accept-Encoding: gzip' "http://127.0.0.1:$PORT/through/numbers"
    curl -sf --compressed "http://127.0.0.1:$PORT/through/numbers" | cmp - "$BATS_TEST_TMPDIR/nginx/www/numbers"
    kill -QUIT "$SERVER"
    wait "$SERVER"
    [ ! -s "$BATS_TEST_TMPDIR/server.err" ]
    [ ! -s "$BATS_TEST_TMPDIR/nginx/error.log" ]
    equal "$(find "$DUMPS" -name 'nginx.*.heap.txt' | wc -l)" 3 "the master and two workers"
    sound
    checked nginx 1000
}

@test "nginx keeps its own USR2, and the command dumps master and workers" {
    start_nginx
    local pid file workers later
    ab_succeeds -n 500 -c 8 "http://127.0.0.1:$PORT/numbers"
    mapfile -t workers < <(pgrep -P "$SERVER")
    # The master has inherited 0 and 1, and 2 is its own. Each worker gets the channel of every later one by SCM_RIGHTS.
    later=0
    for pid in "$SERVER" "${workers[1]}" "${workers[0]}"; do
        file=$(dump_of "$pid" fd)
        equal "$(comment fd unattributed_fds "$file")" $((2 + later))
        equal "$(($(total fd inuse_fds "" "$file") + 2 + later))" "$(kernel_fds "$pid")"
        equal "$(live fd inuse_fds state=LISTEN "$file")" 1
        equal "$(live fd inuse_fds type=epoll "$file")" "$(kernel_fds "$pid" 'anon_inode:\[eventpoll')"
        equal "$(live fd inuse_fds type=eventfd "$file")" "$(kernel_fds "$pid" 'anon_inode:\[eventfd')"
        if [ "$pid" = "${workers[1]}" ]; then
            later=1
        fi
    done
    equal "$(grep -c 'uses signal USR2 itself' "$BATS_TEST_TMPDIR/log")" 1
    kill -QUIT "$SERVER"
    wait "$SERVER"
}

@test "sqlite3 fills, joins, changes and fails in memory as ever" {
    both check=1 depth=512 -- sqlite3 -batch :memory: ".read $FILES/tables.sql"
    grep -q no_such_column "$BATS_TEST_TMPDIR/traced/err"
    grep -q 'town' "$BATS_TEST_TMPDIR/traced/out"
    sound
    checked sqlite3 10000
}

@test "sqlite3 writes the same database file" {
    both -- sqlite3 -batch file.db ".read $FILES/tables.sql"
    [ -s "$BATS_TEST_TMPDIR/traced/work/file.db" ]
    sound
}

@test "python3 does its JSON, threads, processes and sockets, and what it leaves open is counted" {
    PYTHONMALLOC=malloc both check=101 depth=512 -- /usr/bin/python3 "$FILES/work.py"
    sound
    checked python3 10000
    # The first to end is the forked child, the last the program.
    equal "$(live fd inuse_fds type=device "$(newest fd python3)")" 17
    equal "$(live fd inuse_fds type=tcp "$(newest fd python3)")" 5
    equal "$(total thread created_threads "" "$(newest thread python3)")" 9
    equal "$(total thread inuse_threads "" "$(newest thread python3)")" 0
}

python_with_allocator() {
    PYTHONMALLOC=malloc PRELOAD="$LEAKTRACE_LIBRARY:$1" both depth=512 -- /usr/bin/python3 "$FILES/work.py"
    sound
}

@test "python3 runs with jemalloc" {
    python_with_allocator libjemalloc.so.2
}

@test "python3 runs with tcmalloc" {
    python_with_allocator libtcmalloc.so.4
}

@test "python3 runs with mimalloc" {
    python_with_allocator libmimalloc.so.2
}

@test "git makes, packs, clones and checks a repository, byte for byte the same" {
    cat > "$BATS_TEST_TMPDIR/session" <<'SESSION'
set -e
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=/dev/null HOME=$PWD
git init -q -b main first
cd first
git config pack.threads 1
for number in 1 2 3 4 5 6; do
    seq "$number" $((number * 500)) > "file$number"
    git add "file$number"
    git commit -q -m "commit $number"
done
git log --stat --format='%H %s'
git checkout -q -b side HEAD~3
git mv file1 moved
git commit -q -m moved
git checkout -q main
git merge -q -m merge side
git gc --quiet --prune=now
git clone -q . ../second
cd ../second
git fsck --strict
git diff HEAD~2 --stat
git rev-parse HEAD
rm .git/index ../first/.git/index # times and inode numbers
git rev-parse no-such-branch
SESSION
    both check=1 depth=512 -- bash "$BATS_TEST_TMPDIR/session"
    [ -d "$BATS_TEST_TMPDIR/traced/work/second/.git" ]
    grep -q no-such-branch "$BATS_TEST_TMPDIR/traced/err"
    sound
}

@test "a pipeline of bash, coreutils, tar, gzip and awk gives the same bytes" {
    cat > "$BATS_TEST_TMPDIR/pipeline" <<'PIPELINE'
set -o pipefail
mkdir tree
for i in $(seq 1 40); do seq "$i" 200 > "tree/$i"; done
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree | gzip -n -9 | tee tree.tar.gz | gzip -dc | tar -tf - | sort -r | tail -n 3
cat tree/* | awk '{ sum[$1 % 7] += $1 } END { for (i = 0; i < 7; i++) print i, sum[i] }'
find tree -type f -print0 | sort -z | xargs -0 -n 5 cat | sort -n --parallel=2 -S 1M | uniq -c | sort -k1,1nr -k2n | head -n 4
paste <(cut -c1 tree/1) <(tr 0-9 a-j < tree/2) | sed -n '20,22p' | rev
printf '%s\n' {a..e}{1..9} | shuf --random-source=tree/1 | md5sum
sha256sum tree/{1..9} | sha256sum -c --status && echo checked
cp -r tree copy && diff -r tree copy && ln -s tree link && du -b --apparent-size tree/1
coproc cat
echo through >&"${COPROC[1]}"
read -r answer <&"${COPROC[0]}"
echo "$answer"
cat no-such-file | wc -c
kill -TERM $$
PIPELINE
    both check=1 -- bash "$BATS_TEST_TMPDIR/pipeline"
    sound
}

@test "g++ compiles the same object file through cc1plus and as, and links a program that runs" {
    mkdir -p "$BATS_TEST_TMPDIR/input"
    cp "$FILES/template.cc" "$BATS_TEST_TMPDIR/input/"
    both check=1009 depth=512 -- g++ -std=c++17 -O2 -Wall -c template.cc -o template.o
    [ -s "$BATS_TEST_TMPDIR/traced/work/template.o" ]
    sound
    checked cc1plus 1000
    cp "$BATS_TEST_TMPDIR/traced/work/template.o" "$BATS_TEST_TMPDIR/input/"
    both -- g++ template.o -o template
    cp "$BATS_TEST_TMPDIR/traced/work/template" "$BATS_TEST_TMPDIR/input/"
    both -- ./template a=1 b=22 a=3 other
    sound
}

@test "g++ says the same of a program that is wrong" {
    mkdir -p "$BATS_TEST_TMPDIR/input"
    printf '#include <map>\nint main() { std::map<int, int> m; return m.nothing(m, undefined); }\n' > "$BATS_TEST_TMPDIR/input/wrong.cc"
    both depth=512 -- g++ -c wrong.cc
    sound
}

@test "perl sorts, matches, forks and dies as ever" {
    both check=3 depth=512 -- perl "$FILES/work.pl"
    sound
    checked perl 500
}

# What valgrind counts is the truth: "total heap usage: 483 allocs, 483 frees, 114,119 bytes allocated".
as_valgrind_counts() {
    local truth
    truth=$(valgrind "$@" 2>&1 > /dev/null < /dev/null | tr -d , | awk '/total heap usage/ { print $5, $9 }')
    [ -n "$truth" ]
    traced -- "$@" > /dev/null 2>&1 < /dev/null
    equal "$(total heap alloc_objects) $(total heap alloc_space)" "$truth" "$*"
}

@test "allocated blocks and bytes are to the unit what valgrind counts" {
    seq 1 20000 > "$BATS_TEST_TMPDIR/numbers"
    as_valgrind_counts bzip2 -kc "$BATS_TEST_TMPDIR/numbers"
    as_valgrind_counts sqlite3 -batch :memory: 'create table a(x); insert into a values (1), (2); select sum(x) from a'
    as_valgrind_counts xz -T1 -1 -kc "$BATS_TEST_TMPDIR/numbers"
    as_valgrind_counts sort --parallel=1 -S 2M "$BATS_TEST_TMPDIR/numbers"
}

@test "nothing but the buffers of libc's streams is left of programs that free all they allocate" {
    seq 1 20000 > "$BATS_TEST_TMPDIR/numbers"
    traced -- bzip2 -kc "$BATS_TEST_TMPDIR/numbers" > /dev/null
    traced -- openssl version > /dev/null
    for name in bzip2 openssl; do
        local file
        file=$(newest heap "$name")
        [ "$(total heap alloc_objects "" "$file")" -gt 0 ]
        equal "$(total heap inuse_objects "" "$file")" "$(total heap inuse_objects _IO_file_doallocate "$file")" "$name"
    done
}

@test "gzip, which allocates nothing, has an empty heap profile that pprof reads" {
    echo text > "$BATS_TEST_TMPDIR/text"
    traced -- gzip -kc "$BATS_TEST_TMPDIR/text" > /dev/null
    equal "$(total heap alloc_objects)" 0
    sound gzip
}
