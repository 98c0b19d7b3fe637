# What the suites of bats share: run a program traced, and read exact figures from its dumps.
#
#   traced [OPTION...] -- PROGRAM [ARG...]   run PROGRAM with the library preloaded; dumps go to $DUMPS
#   total KIND VALUE [FUNCTION]              sum of a sample type over the stacks of the newest dump, or over those that FUNCTION
#                                            (a whole name) stands in
#   start [OPTION...] -- PROGRAM [ARG...]    the same in the background; finish waits for its end
#   comment KIND KEY                         a figure from the comments of that profile

bats_require_minimum_version 1.5.0

STARTED=()

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir -m 700 "$DUMPS"
}

# What a test has left running goes with it.
teardown() {
    local pid
    for pid in "${STARTED[@]}"; do
        kill -KILL "$pid" 2> /dev/null || true
    done
}

# Splits "[OPTION...] -- PROGRAM [ARG...]" into OPTIONS and COMMAND. Lines of leaktrace's own go to a file, so that standard
# error is the program's.
read_command() {
    OPTIONS="dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log"
    while [ "$1" != -- ]; do
        OPTIONS="$OPTIONS:$1"
        shift
    done
    shift
    COMMAND=("$@")
}

traced() {
    read_command "$@"
    env LD_PRELOAD="$LEAKTRACE_LIBRARY${PRELOAD_BEHIND:+:$PRELOAD_BEHIND}" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}"
}

# The same in the background: PROGRAM is its pid, $BATS_TEST_TMPDIR/out and err its output, descriptor INPUT its input.
start() {
    local pipe="$BATS_TEST_TMPDIR/input.${#STARTED[@]}"
    read_command "$@"
    mkfifo "$pipe"
    : > "$BATS_TEST_TMPDIR/out"
    env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}" \
        < "$pipe" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" 3>&- &
    PROGRAM=$!
    STARTED+=("$PROGRAM")
    exec {INPUT}> "$pipe"
    NAME="$(basename "${COMMAND[0]}")"
}

# Ends the input of what was started, and waits for its end with that exit status, 0 if none is given.
finish() {
    local code=0
    exec {INPUT}>&-
    wait "$PROGRAM" || code=$?
    equal "$code" "${1:-0}" "exit status"
}

# Waits until what was started has printed a line that begins so.
wait_for_line() {
    wait_until grep -q "^$1" "$BATS_TEST_TMPDIR/out"
}

# The file of a kind in a dump of what was started, by number.
dump_file() {
    printf '%s/%s.%d.%04d.%s.txt' "$DUMPS" "$NAME" "$PROGRAM" "$2" "$1"
}

# Waits until that dump is there: its last file is.
wait_for_dump() {
    wait_until test -e "$(dump_file thread_growth "$1")"
}

# Every file can be read to its end, every dump has all its files, and nothing else lies in the folder.
dumps_are_whole() {
    local file
    for file in "$DUMPS"/*.pb.gz; do
        gzip -dc "$file" | protoc --decode_raw > /dev/null || return 1
    done
    find "$DUMPS" -type f ! -name '*.status' -printf '%f\n' | awk '
        !/\.[0-9][0-9][0-9][0-9]\.(heap|fd|thread)(_growth)?\.(txt|pb\.gz)$/ { print "not of a dump: " $0 > "/dev/stderr"; wrong = 1 }
        { sub(/\.(heap|fd|thread)(_growth)?\.(txt|pb\.gz)$/, ""); count[$0]++ }
        END { for (name in count) if (count[name] != 12) { print name " has " count[name] " files" > "/dev/stderr"; wrong = 1 }
              exit wrong }'
}

# The newest text file of a kind, of the program (its name begins with) $2 if given.
newest() {
    # shellcheck disable=SC2012
    ls -t "$DUMPS/${2:-}"*."$1".txt | head -n 1
}

# Awk over the text format: values stand before " @", function names in lines that begin with "#<tab>".
total() {
    awk -v want="$2" -v function_name="${3:-}" '
        NR == 1 { for (i = 3; i <= NF; i += 2) { split($i, part, "/"); if (part[1] == want) column = (i - 1) / 2 }
                  if (!column) { print "no sample type " want > "/dev/stderr"; exit 3 } next }
        /^#\t/  { split($0, part, "\t"); if (part[3] == function_name) hit = 1; next }
        /^#/    { next }
        { if (hit || function_name == "") sum += value
          value = $column; hit = 0 }
        END { if (hit || function_name == "") sum += value
              printf "%d\n", sum }' "${4:-$(newest "$1")}"
}

comment() {
    awk -v key="$2" '$1 == "#" && $2 == key { print $3; exit }' "${3:-$(newest "$1")}"
}

# Fails with a message that shows both.
equal() {
    if [ "$1" != "$2" ]; then
        printf 'expected %s, got %s%s\n' "$2" "$1" "${3:+ ($3)}" >&2
        return 1
    fi
}

# All figures of one function, in the order of the sample types.
figures() {
    awk -v function_name="$2" '
        function add(  i) { if (hit) for (i = 1; i <= n; i++) sum[i] += value[i]; hit = 0 }
        NR == 1 { n = (NF - 2) / 2; next }
        /^#\t/  { split($0, part, "\t"); if (part[3] == function_name) hit = 1; next }
        /^#/    { next }
        { add(); for (i = 1; i <= n; i++) value[i] = $i }
        END { add(); for (i = 1; i <= n; i++) printf "%d%s", sum[i], i < n ? " " : "\n" }' "${3:-$(newest "$1")}"
}

# Holds figures against a table on standard input: lines of a function and its figures, "-" for one that may be any.
figures_are() {
    local file="${2:-$(newest "$1")}" wrong=0 site truth found
    while read -r site truth; do
        found="$(figures "$1" "$site" "$file")"
        if ! awk -v a="$truth" -v b="$found" 'BEGIN { n = split(a, x); if (split(b, y) != n) exit 1
                 for (i = 1; i <= n; i++) if (x[i] != "-" && x[i] != y[i]) exit 1 }'; then
            printf '%s: expected %s, got %s\n' "$site" "$truth" "$found" >&2
            wrong=1
        fi
    done
    return "$wrong"
}

# The rows that a function stands in, sorted: figures and labels, but for the age.
rows() {
    awk -v function_name="$2" '
        function add() { if (hit) print row; hit = 0 }
        NR == 1 { n = (NF - 2) / 2; next }
        /^#\t/  { split($0, part, "\t"); if (part[3] == function_name) hit = 1; next }
        /^#/    { next }
        { add(); row = ""; for (i = 1; i <= n; i++) row = row (i > 1 ? " " : "") $i
          for (i = n + 2; i <= NF; i++) if ($i !~ /^(0x|age=)/) row = row " " $i }
        END { add() }' "${3:-$(newest "$1")}" | sort
}

# Waits, at most 20 s, until a command succeeds.
wait_until() {
    local until=$((SECONDS + 20))
    while ((SECONDS < until)); do
        if "$@" > "$BATS_TEST_TMPDIR/wait_until" 2>&1; then
            return 0
        fi
        sleep 0.05
    done
    printf 'waited in vain for: %s\n' "$*" >&2
    cat "$BATS_TEST_TMPDIR/wait_until" >&2
    return 1
}

# Holds the comments of a kind against what ordinary programs must never cause.
nothing_was_lost() {
    local kind key
    for kind in "$@"; do
        for key in truncated_stacks dropped_events replaced unknown_release lock_timeouts; do
            equal "$(comment "$kind" "$key")" 0 "$key of $kind" || return 1
        done
    done
}
