#!/usr/bin/env bats
# The demo exporter, scraped by a real client: its three leaks are found to the unit, and nothing is found where nothing leaks.

load ../support/leaktrace

start_exporter() {
    start -- "$LEAKTRACE_BUILD/bin/exporter" --listen 0 "$@"
    wait_for_line "exporter: listening on"
    ADDRESS="$(awk '/listening on/ { print $NF; exit }' "$BATS_TEST_TMPDIR/out")"
}

get() {
    curl --silent --show-error --fail --noproxy '*' --max-time 30 "$@" > "$BATS_TEST_TMPDIR/answer"
}

# So many scrapes, users with two requests each, and reloads.
use_exporter() {
    local i
    for ((i = 0; i < $1; i++)); do
        get "http://$ADDRESS/metrics"
        grep -q '^process_open_fds ' "$BATS_TEST_TMPDIR/answer"
    done
    for ((i = 100; i < 100 + $2; i++)); do
        get "http://$ADDRESS/users/$i/orders"
        get "http://$ADDRESS/users/$i/orders?page=2"
    done
    for ((i = 0; i < $3; i++)); do
        get --request POST "http://$ADDRESS/-/reload"
    done
}

# Makes a dump, which is to agree with the table at $2 in the kind $1.
dump_agrees() {
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    figures_are "$1" "$(grep "\.$1\.txt$" "$BATS_TEST_TMPDIR/paths")" < "$2"
}

# The last answer is out before the worker has put everything away, so the figures are asked for until they agree.
settles_at() {
    cat > "$BATS_TEST_TMPDIR/table"
    wait_until dump_agrees "$1" "$BATS_TEST_TMPDIR/table"
}

first_in_report() {
    awk -v kind="^$1:" '$0 ~ kind { here = 1 } here && /^ +1\./ { getline; print $1; exit }' "$BATS_TEST_TMPDIR/report"
}

@test "the three leaks are exact: a connection per scrape, a histogram per user, two threads per reload" {
    start_exporter
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    use_exporter 12 7 3
    # /users/100/orders has 17 characters.
    settles_at heap_growth << END
register_histogram 21 $((7 * (40 + 96 + 18)))
get_object 0 0
collect 0 0
END
    settles_at fd_growth << 'END'
connect_backend 12
get_object 12
collect 12
accept_client 0
END
    settles_at thread_growth << 'END'
start_watchers 6
reload_configuration 6
END
    # The start has loaded the configuration once; libc adds a block to each thread.
    settles_at thread << 'END'
start_watchers 8 - 8
start_server 4 - 4
END
    equal "$(figures heap_growth start_watchers "$(find "$DUMPS" -name '*.heap_growth.txt' | sort | tail -n 1)" | cut -d ' ' -f 1)" \
        "$((3 * 3))"
    kill -TERM "$PROGRAM"
    finish
}

@test "a signal makes a dump of the exporter whose connections have the backend's address" {
    local peers file backend
    start_exporter
    use_exporter 5 1 1
    kill -USR2 "$PROGRAM"
    wait_for_dump 1
    file="$(dump_file fd 1)"
    equal "$(figures fd connect_backend "$file")" "5 5"
    peers="$(rows fd connect_backend "$file")"
    backend="${peers#*peer=}"
    backend="${backend%% *}"
    equal "$peers" "5 5 type=tcp peer=$backend state=ESTABLISHED"
    [[ "$backend" == 127.0.0.1:* ]]
    equal "$(listener_at "$backend")" object-store
    kill -TERM "$PROGRAM"
    finish
}

# Who listens at an address, by the kernel's table and the exporter's children.
listener_at() {
    local port child inode
    port="$(printf '%04X' "${1##*:}")"
    inode="$(awk -v port=":$port" '$4 == "0A" && $2 ~ port "$" { print $10 }' /proc/net/tcp)"
    for child in $(pgrep -P "$PROGRAM"); do
        if find "/proc/$child/fd" -lname "socket:\[$inode\]" | grep -q .; then
            cat "/proc/$child/comm"
        fi
    done
}

@test "the report names the leaking functions first" {
    start_exporter
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    use_exporter 10 40 3
    settles_at fd_growth <<< "connect_backend 10"
    "$LEAKTRACE_COMMAND" report "$PROGRAM" > "$BATS_TEST_TMPDIR/report"
    equal "$(first_in_report heap)" register_histogram
    equal "$(first_in_report fd)" connect_backend
    equal "$(first_in_report thread)" start_watchers
    equal "$(awk '/^  grows: / { print $2, $(NF - 1) }' "$BATS_TEST_TMPDIR/report")" "heap register_histogram
fd connect_backend
thread start_watchers"
    run -0 grep -A 2 '^     connect_backend' "$BATS_TEST_TMPDIR/report"
    [[ "$output" == *get_object*collect* ]]
    kill -TERM "$PROGRAM"
    finish
}

@test "the repaired exporter has no growth" {
    start_exporter --fixed
    use_exporter 3 3 2
    "$LEAKTRACE_COMMAND" mark "$PROGRAM"
    use_exporter 10 7 0
    settles_at fd_growth << 'END'
connect_backend 0
main 0
run_worker 0
END
    wait_until nothing_has_grown
    "$LEAKTRACE_COMMAND" report "$PROGRAM" | grep -q '^  Nothing grows: '
    kill -TERM "$PROGRAM"
    finish
}

nothing_has_grown() {
    local kind
    "$LEAKTRACE_COMMAND" dump "$PROGRAM" > "$BATS_TEST_TMPDIR/paths"
    for kind in heap_growth fd_growth thread_growth; do
        equal "$(grep -vc '^#' "$(grep "\.$kind\.txt$" "$BATS_TEST_TMPDIR/paths")")" 1 "$kind: the first line only"
    done
}

@test "a reload of the repaired exporter puts its threads in the place of the old ones" {
    start_exporter --fixed
    use_exporter 1 1 5
    settles_at thread <<< "start_watchers 12 - 2"
    kill -TERM "$PROGRAM"
    finish
}
