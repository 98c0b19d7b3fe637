# One program of the matrix, on top of leaktrace.bash and programs.bash.
#
#   matrix NAME    runs tests/integration/matrix/NAME.bash bare and traced, everything that it starts included, and asks each traced
#                  process for a dump each second: by SIGUSR2, or by the command where the program has that signal itself.
#                  Fails unless output, errors, status and files are the same and all dumps can be read. Writes a row of figures
#                  to the file $MATRIX_ROW, if that is set.

# The longest takes two minutes where nothing else runs.
SECONDS_AT_MOST=600

# Programs may run as somebody else (postgres does not run as root): he must get to the library and the folder for dumps.
open_folders() {
    local folder="$BATS_TEST_TMPDIR"

    while [ "$folder" != "${BATS_RUN_TMPDIR%/*}" ]; do
        chmod a+x "$folder"
        folder=${folder%/*}
    done
    chmod 1777 "$DUMPS"
    mkdir -m 755 "$BATS_TEST_TMPDIR/library"
    cp "$LEAKTRACE_LIBRARY" "$BATS_TEST_TMPDIR/library/"
    PRELOAD="$BATS_TEST_TMPDIR/library/${LEAKTRACE_LIBRARY##*/}"
}

# The traced processes of this test that have lived for two seconds, and so are not about to become something else: pid, and who has
# the signal. They are asked, since what stands in a status file may be old.
list_processes() {
    "$LEAKTRACE_COMMAND" ls --format json | /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["processes"]:
    if row["dir"] == sys.argv[1] and row["age_ns"] > 2e9 and row["answered"]:
        print(row["pid"], row["signal"].split()[0])' "$DUMPS"
}

# Asks all of them for a dump, each second, until the file `over` is there. Killed, it would leave behind what it is just running.
ask_for_dumps() {
    local pid signal pause

    # A pause without a process of its own.
    exec {pause}<> <(:)
    while ! read -r -t 1 -u "$pause" && [ ! -e "$BATS_TEST_TMPDIR/over" ]; do
        while read -r pid signal; do
            case "$signal" in
                USR2) kill -USR2 "$pid" && echo "signal $pid" || true ;;
                taken | blocked) timeout 15 "$LEAKTRACE_COMMAND" dump "$pid" > "$BATS_TEST_TMPDIR/paths" && echo "command $pid" || true ;;
            esac
        done < <(list_processes)
    done 2> /dev/null
}

# Whether a process has come from this test: by its environment, what it has open, or what it has mapped.
is_ours() {
    grep -qzx "MATRIX_RUN=$MATRIX_RUN" "/proc/$1/environ" || grep -qF " $BATS_TEST_TMPDIR/" "/proc/$1/maps" ||
        [ -n "$(find "/proc/$1/fd" -lname "$BATS_TEST_TMPDIR/*" | head -n 1)" ]
}

# Ends what a session has left running, and says what it was.
end_leftovers() {
    local pid

    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        if [ "$pid" != "$$" ] && [ "$pid" != "$BASHPID" ] && is_ours "$pid" 2> /dev/null; then
            echo "left running: $pid $(tr '\0' ' ' < "/proc/$pid/cmdline")"
            kill -KILL "$pid" 2> /dev/null || true
        fi
    done
}

# The last text dump of each kind of each process (exec begins a new one under another name).
last_dumps() {
    find "$DUMPS" -name '*.txt' ! -name '.*' | awk -F . '
        { kind = $(NF - 1); seq = $(NF - 2); id = $0; sub("\\." seq "\\." kind "\\.txt$", "." kind, id)
          if (!(id in last) || seq > last[id]) { last[id] = seq; file[id] = $0 } }
        END { for (id in file) print file[id] }'
}

# Sum of a figure over the last heap dumps.
sum_of() {
    last_dumps | grep '\.heap\.txt$' | xargs -r awk -v key="$1" '$1 == "#" && $2 == key { sum += $3 } END { print sum + 0 }'
}

# dumps, stacks, dropped, truncated: what the table shows.
write_row() {
    local dumps stacks

    dumps=$(find "$DUMPS" -name '*.heap.txt' ! -name '.*' | wc -l)
    stacks=$(last_dumps | grep -E '\.(heap|fd|thread)\.txt$' | xargs -r cat | grep -c '^[0-9].* @')
    printf '%s\t%s\t%s\t%s\n' "$dumps" "$stacks" "$(sum_of dropped_events)" "$(sum_of truncated_stacks)" > "${MATRIX_ROW:-$BATS_TEST_TMPDIR/row}"
}

matrix() {
    local session="$LEAKTRACE_SOURCE/tests/integration/matrix/$1.bash" asking status=0 leftovers options

    read -ra options < <(sed -n 's/^# options: //p' "$session"; echo)

    open_folders
    export MATRIX_RUN="$1.$$.$RANDOM" LC_ALL=C TMPDIR="$BATS_TEST_TMPDIR/tmp"
    mkdir -m 1777 "$TMPDIR"
    ask_for_dumps > "$BATS_TEST_TMPDIR/asked" 3>&- &
    asking=$!
    both depth=512 "${options[@]}" -- bash "$session" || status=$?
    touch "$BATS_TEST_TMPDIR/over"
    wait "$asking"
    leftovers=$(end_leftovers)
    write_row
    equal "$leftovers" "" "what a session leaves running"
    [ "$status" = 0 ]
    equal "$(tail -n 1 traced/out)" "the session has come to its end" "$(tail -n 5 traced/out traced/err)"
    find "$DUMPS" -name '*.pb.gz' -print0 | xargs -0 -r gzip -t
    equal "$(last_dumps | xargs -r awk '$1 == "#" && $2 ~ /^(mismatched_stacks|lock_timeouts)$/ && $3 != 0 { print FILENAME, $2, $3 }')" ""
}
