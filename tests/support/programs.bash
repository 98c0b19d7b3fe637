# What the suites of real programs share, next to leaktrace.bash.
#
#   both [OPTION...] -- PROGRAM [ARG...]   run PROGRAM bare and traced, each in a folder of its own, and fail unless standard output,
#                                          standard error (but for leaktrace's own lines), status and the files made are the same
#   start [OPTION...] -- PROGRAM [ARG...]  run PROGRAM traced in the background with no descriptors but 0 to 2; sets $SERVER
#   sound [PROGRAM]                        all dumps (of one program): nothing dropped, truncated or mismatched, stacks that end in
#                                          a start function, files that pprof reads
#   live KIND VALUE LABEL [FILE]           sum of a sample type over the stacks with that label
#   rows KIND VALUE REGEX [FILE]           sum of a sample type over the stacks where a name matches

SECONDS_AT_MOST=120

# A fresh copy, always at the same path, of what the test has put in $BATS_TEST_TMPDIR/input.
work_folder() {
    mkdir -p "$BATS_TEST_TMPDIR/input"
    rm -rf "$BATS_TEST_TMPDIR/work"
    cp -r "$BATS_TEST_TMPDIR/input" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
}

keep_results() {
    cd "$BATS_TEST_TMPDIR" || return 1
    rm -rf "$1"
    mkdir "$1"
    mv out err work "$1/"
}

both() {
    local options="dir=$DUMPS:format=pprof,text" bare_status=0 traced_status=0

    while [ "$1" != -- ]; do
        options="$options:$1"
        shift
    done
    shift
    work_folder
    timeout "$SECONDS_AT_MOST" "$@" > ../out 2> ../err < /dev/null || bare_status=$?
    keep_results bare
    work_folder
    timeout "$SECONDS_AT_MOST" env LD_PRELOAD="${PRELOAD:-$LEAKTRACE_LIBRARY}" LEAKTRACE_OPTIONS="$options" "$@" \
        > ../out 2> ../all < /dev/null || traced_status=$?
    grep -v '^leaktrace\[[0-9]*\]: ' ../all > ../err || true
    grep '^leaktrace\[[0-9]*\]: ' ../all > ../log || true
    keep_results traced
    equal "$traced_status" "$bare_status" "status; $(tail -n 3 traced/err)"
    diff -r bare traced
}

close_inherited_descriptors() {
    local path number

    for path in "/proc/$BASHPID/fd/"*; do
        number=${path##*/}
        if [ "$number" -gt 2 ]; then
            eval "exec $number>&-"
        fi
    done
}

start() {
    local options="dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log"

    while [ "$1" != -- ]; do
        options="$options:$1"
        shift
    done
    shift
    (
        close_inherited_descriptors
        exec env LD_PRELOAD="${PRELOAD:-$LEAKTRACE_LIBRARY}" LEAKTRACE_OPTIONS="$options" "$@" \
            < /dev/null > "$BATS_TEST_TMPDIR/server.out" 2> "$BATS_TEST_TMPDIR/server.err"
    ) &
    SERVER=$!
}

# Ends what start began, if a test fails half-way.
teardown() {
    local pid

    if [ -n "${SERVER:-}" ] && [ -d "/proc/$SERVER" ]; then
        for pid in $(pgrep -P "$SERVER") "$SERVER"; do
            kill -KILL "$pid" 2> /dev/null || true
        done
        wait "$SERVER" 2> /dev/null || true
    fi
}

# Waits until a command succeeds, at most 30 s.
eventually() {
    local end=$((SECONDS + 30))

    until "$@" > /dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "never became true: $*" >&2
            return 1
        fi
        sleep 0.05
    done
}

# A port of the loopback that was free just now.
free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Descriptors of a process that point to something that begins with $2, as the kernel lists them.
kernel_fds() {
    find "/proc/$1/fd" -lname "${2:-}*" | wc -l
}

# So many sockets, and no thread that has anything to do.
at_rest() {
    [ "$(kernel_fds "$1" socket:)" = "$2" ] && ! awk '{ print $3 }' "/proc/$1/task/"*/stat | grep -qv S
}

# Asks for a dump of a pid; sets nothing, prints the text file of a kind.
dump_of() {
    "$LEAKTRACE_COMMAND" dump "$1" | grep "\.$2\.txt$"
}

# The entry point of a program, as the library names a place in a file without symbols.
entry_name() {
    printf '%s+%s' "${1##*/}" "$(readelf -h "$1" | awk '/Entry point/ { print $NF }')"
}

# Names and files of the outermost frames of dumps.
outermost() {
    awk -F '\t' '/^#\t/ { last = $3 " " $4; next } last != "" { print last; last = "" } END { if (last != "") print last }' "$@" |
        sort -u
}

end_in_start_functions() {
    local name file

    while read -r name file; do
        case "$name" in
            _start | _dl_start_user | clone3 | __clone3 | __start_context) ;;
            *) equal "$name" "$(entry_name "$file")" "the outermost frame in $file" ;;
        esac
    done < <(outermost "$@")
}

# Figures of dumps that are to be 0 and are not.
doubts() {
    awk '$1 == "#" && $2 ~ /^(dropped_events|truncated_stacks|mismatched_stacks|lock_timeouts|replaced|unknown_release|stale_fds)$/ && $3 != 0 {
        print FILENAME, $2, $3 }' "$@"
}

sound() {
    local kind

    equal "$(doubts "$DUMPS/${1:-}"*.txt)" ""
    end_in_start_functions "$DUMPS/${1:-}"*.txt
    gzip -t "$DUMPS/${1:-}"*.pb.gz
    for kind in heap heap_growth fd fd_growth thread thread_growth; do
        go tool pprof -raw "$DUMPS/${1:-}"*".$kind.pb.gz" > "$BATS_TEST_TMPDIR/raw"
        grep -q '^Samples:' "$BATS_TEST_TMPDIR/raw"
    done
}

checked() {
    [ "$(comment - checked_stacks "$(newest heap "$1")")" -gt "$2" ]
}

# Rows of a text profile of which the label or the names match.
sum_rows() {
    awk -v want="$1" -v pattern="$2" -v labels="$3" '
        NR == 1 { for (i = 3; i <= NF; i += 2) { split($i, part, "/"); if (part[1] == want) column = (i - 1) / 2 }
                  if (!column) { print "no sample type " want > "/dev/stderr"; exit 3 } next }
        /^#\t/  { split($0, part, "\t"); if (!labels && part[3] ~ pattern) hit = 1; next }
        /^#/    { next }
        { if (hit) sum += value
          value = $column; hit = labels && index($0 " ", " " pattern " ") }
        END { if (hit) sum += value
              printf "%d\n", sum }' "$4"
}

live() {
    sum_rows "$2" "$3" 1 "${4:-$(newest "$1")}"
}

rows() {
    sum_rows "$2" "$3" 0 "${4:-$(newest "$1")}"
}
