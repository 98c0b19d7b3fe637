#!/usr/bin/env bats
# Readers of others read what leaktrace writes: go tool pprof and protoc.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"
load "$LEAKTRACE_SOURCE/tests/support/programs"

KINDS=(heap heap_growth fd fd_growth thread thread_growth)
declare -gA TYPES=(
    [heap]="alloc_objects alloc_space inuse_objects inuse_space" [heap_growth]="inuse_objects inuse_space"
    [fd]="opened_fds inuse_fds" [fd_growth]=inuse_fds
    [thread]="created_threads inuse_stack inuse_threads" [thread_growth]=inuse_threads
)

pprof() {
    go tool pprof -nodecount=100000 -nodefraction=0 -edgefraction=0 "$@"
}

start_exporter() {
    start -- "$LEAKTRACE_BUILD/bin/exporter" --listen 0
    eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/server.out"
    ADDRESS=$(awk '/listening on/ { print $NF }' "$BATS_TEST_TMPDIR/server.out")
}

stop_exporter() {
    kill -TERM "$SERVER"
    wait "$SERVER"
}

ask() {
    curl -sf -o /dev/null "http://$ADDRESS$1"
}

scrape() {
    local i
    for ((i = 0; i < $1; i++)); do
        ask /metrics
    done
}

visit() {
    local i
    for ((i = $1; i < $2; i++)); do
        ask "/users/$i/orders"
    done
}

reload() {
    local i
    for ((i = 0; i < $1; i++)); do
        ask /-/reload
    done
}

# The exporter with some of each leak behind it, dumped, then with more: 10 scrapes, 7 paths, 3 reloads.
dump_twice() {
    local sockets
    start_exporter
    sockets=$(kernel_fds "$SERVER" socket:)
    scrape 4
    visit 0 3
    reload 2
    eventually at_rest "$SERVER" $((sockets + 4))
    "$LEAKTRACE_COMMAND" dump "$SERVER" > /dev/null
    "$LEAKTRACE_COMMAND" mark "$SERVER"
    scrape 10
    visit 100 107
    reload 3
    eventually at_rest "$SERVER" $((sockets + 14))
    "$LEAKTRACE_COMMAND" dump "$SERVER" > /dev/null
    OLD="$DUMPS/exporter.$SERVER.0001"
    NEW="$DUMPS/exporter.$SERVER.0002"
}

# The n-th figure of a function in a listing of pprof's: 1 flat, 4 cumulative.
figure() {
    awk -v column="$1" -v name="$2" '$NF == name { print $column + 0; found = 1 } END { if (!found) print 0 }'
}

sum_of() {
    awk '/flat%/ { on = 1; next } on { sum += $1 } END { print sum + 0 }'
}

contract() {
    local kind

    for kind in "${KINDS[@]}"; do
        /usr/bin/python3 "$LEAKTRACE_SOURCE/tests/support/check_profile.py" "$kind" "$1" "$DUMPS/"*".$kind.pb.gz"
    done
    gzip -t "$DUMPS/"*.pb.gz
}

@test "every field of every file of a server is as the contract says" {
    dump_twice
    stop_exporter
    equal "$(find "$DUMPS" -name '*.0003.*.pb.gz' | wc -l)" 6
    contract NAMED
}

@test "every field is as the contract says with many modules, threads, a shell and children" {
    PYTHONMALLOC=malloc traced -- /usr/bin/python3 "$LEAKTRACE_SOURCE/tests/support/programs/work.py" > /dev/null 2>&1 || equal "$?" 3
    contract NAMED
}

@test "every field is as the contract says without names" {
    traced symbols=none -- sqlite3 -batch :memory: 'select 1' > /dev/null
    traced symbols=none -- perl -e 'print "text"' > /dev/null
    contract BARE
}

@test "every field is as the contract says of stacks that are cut" {
    traced depth=3 -- sqlite3 -batch :memory: 'select 1' > /dev/null
    [ "$(comment heap truncated_stacks)" -gt 0 ]
    contract NAMED
}

@test "pprof finds the totals of every sample type of every kind" {
    dump_twice
    stop_exporter
    local kind type
    for kind in "${KINDS[@]}"; do
        for type in ${TYPES[$kind]}; do
            equal "$(pprof -top -unit=B -sample_index="$type" "$NEW.$kind.pb.gz" | sum_of)" \
                "$(total "$kind" "$type" "" "$NEW.$kind.txt")" "$type of $kind"
        done
        [ "$(total "$kind" "${TYPES[$kind]##* }" "" "$NEW.$kind.txt")" -gt 0 ]
    done
}

@test "without -sample_index pprof shows the last type, what is live" {
    dump_twice
    stop_exporter
    equal "$(pprof -top "$NEW.heap.pb.gz" | awk '$1 == "Type:" { print $2 }')" inuse_space
    equal "$(pprof -top "$NEW.fd.pb.gz" | awk '$1 == "Type:" { print $2 }')" inuse_fds
    equal "$(pprof -top "$NEW.thread.pb.gz" | awk '$1 == "Type:" { print $2 }')" inuse_threads
    equal "$(pprof -top "$NEW.fd.pb.gz" | awk '$1 == "File:" { print $2 }')" exporter
}

@test "-base of a later and an earlier dump is exactly what leaked in between" {
    dump_twice
    stop_exporter
    local fds blocks threads
    fds=$(pprof -top -base "$OLD.fd.pb.gz" "$NEW.fd.pb.gz")
    equal "$(figure 1 connect_backend <<< "$fds")" 10
    equal "$(sum_of <<< "$fds")" 10
    threads=$(pprof -top -base "$OLD.thread.pb.gz" "$NEW.thread.pb.gz")
    equal "$(figure 1 start_watchers <<< "$threads")" 6
    equal "$(sum_of <<< "$threads")" 6
    blocks=$(pprof -top -sample_index=inuse_objects -base "$OLD.heap.pb.gz" "$NEW.heap.pb.gz")
    equal "$(figure 4 register_histogram <<< "$blocks")" 21
    equal "$(figure 4 start_watchers <<< "$blocks")" 9 "one of its own, two of libc for its threads"
    equal "$(sum_of <<< "$blocks")" 30
    # "/users/100/orders" and its end are 18 bytes.
    equal "$(pprof -top -unit=B -base "$OLD.heap.pb.gz" "$NEW.heap.pb.gz" | figure 4 register_histogram)" $((7 * (40 + 96 + 18)))
}

@test "what -base finds is what the growth profiles say since a mark at the earlier dump" {
    dump_twice
    stop_exporter
    local kind type
    for kind in heap fd thread; do
        for type in ${TYPES[${kind}_growth]}; do
            equal "$(pprof -top -sample_index="$type" "$NEW.${kind}_growth.pb.gz" | tail -n +2 | sed -n '/flat%/,$p')" \
                "$(pprof -top -sample_index="$type" -base "$OLD.$kind.pb.gz" "$NEW.$kind.pb.gz" | sed -n '/flat%/,$p')"
        done
    done
}

@test "-diff_base says the same as -base, and a dump less itself is nothing" {
    dump_twice
    stop_exporter
    equal "$(pprof -top -diff_base "$OLD.fd.pb.gz" "$NEW.fd.pb.gz" | figure 1 connect_backend)" 10
    equal "$(pprof -top -diff_base "$OLD.thread.pb.gz" "$NEW.thread.pb.gz" | figure 1 start_watchers)" 6
    equal "$(pprof -top -base "$NEW.heap.pb.gz" "$NEW.heap.pb.gz" | sum_of)" 0
    equal "$(pprof -top -base "$NEW.fd.pb.gz" "$OLD.fd.pb.gz" | figure 1 connect_backend)" -10
}

@test "two runs of a program that lies at another address each time are one to pprof" {
    local first second
    traced -- sqlite3 -batch :memory: 'select 1' > /dev/null
    traced -- sqlite3 -batch :memory: 'select 1' > /dev/null
    first=$(find "$DUMPS" -name '*.heap.pb.gz' | sort | head -n 1)
    second=$(find "$DUMPS" -name '*.heap.pb.gz' | sort | tail -n 1)
    [ "$first" != "$second" ]
    equal "$(pprof -top -sample_index=alloc_objects -base "$first" "$second" | sum_of)" 0
    pprof -raw -base "$first" "$second" | awk '/^Samples:/ { on = 1; next } /^Locations/ { on = 0 }
        on && $1 != "0" && $1 ~ /^[0-9-]+$/ { print "left: " $0; bad = 1 } END { exit bad }'
}

@test "-peek shows callers and callees, -traces whole stacks, -list and -tree the function" {
    dump_twice
    stop_exporter
    local traces
    pprof -peek '^get_object$' "$NEW.fd.pb.gz" > "$BATS_TEST_TMPDIR/peek"
    grep -Eq '14 +100% \| +collect$' "$BATS_TEST_TMPDIR/peek"
    grep -Eq '14 +100% \| +connect_backend$' "$BATS_TEST_TMPDIR/peek"
    traces=$(pprof -traces "$NEW.fd.pb.gz" | awk '$1 == 14 { print $2; on = 1; next } /^-/ { on = 0 } on { print $1 }' | tr '\n' ' ')
    equal "$traces" "connect_backend get_object collect write_metrics_page handle_request serve_connection run_worker start_thread clone3 "
    equal "$(pprof -list '^connect_backend$' "$NEW.fd.pb.gz" | head -n 1)" "Total: $(total fd inuse_fds "" "$NEW.fd.txt")"
    equal "$(pprof -tree -focus '^connect_backend$' "$NEW.fd.pb.gz" |
        awk '$NF == "connect_backend" && NF == 7 { print $1 }')" 14 # the line of its own, not that of its caller
}

@test "-raw has as many samples as the dump has stacks, and pprof writes them again without loss" {
    dump_twice
    stop_exporter
    local kind
    for kind in "${KINDS[@]}"; do
        pprof -raw "$NEW.$kind.pb.gz" > "$BATS_TEST_TMPDIR/raw"
        equal "$(awk '/^Samples:/ { on = 1 } /^Locations/ { on = 0 } on && /: [0-9 ]+$/' "$BATS_TEST_TMPDIR/raw" | wc -l)" \
            "$(grep -c ' @ ' "$NEW.$kind.txt")" "$kind"
        pprof -proto -output "$BATS_TEST_TMPDIR/again.pb.gz" "$NEW.$kind.pb.gz"
        pprof -raw "$BATS_TEST_TMPDIR/again.pb.gz" | diff "$BATS_TEST_TMPDIR/raw" -
    done
}

@test "labels select: the sockets that are established, the threads that run" {
    dump_twice
    stop_exporter
    equal "$(pprof -top -tagfocus state=ESTABLISHED "$NEW.fd.pb.gz" | sum_of)" 14
    equal "$(pprof -top -tagignore type=tcp "$NEW.fd.pb.gz" | figure 1 connect_backend)" 0
    equal "$(pprof -top -tagfocus state=running "$NEW.thread.pb.gz" | figure 1 start_watchers)" 12
    pprof -tags "$NEW.fd.pb.gz" | grep -Eq '127\.0\.0\.1:[0-9]+'
}

@test "graphs are drawn of every kind" {
    dump_twice
    stop_exporter
    local kind
    for kind in "${KINDS[@]}"; do
        pprof -dot "$NEW.$kind.pb.gz" | grep -q '^digraph'
    done
}

@test "empty profiles are whole: a program without any block, descriptor or thread" {
    traced -- gzip --version > /dev/null
    contract NAMED
    local kind
    for kind in "${KINDS[@]}"; do
        pprof -raw "$DUMPS/"*".$kind.pb.gz" | grep -q '^Samples:'
    done
}
