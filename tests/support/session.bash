# What the sessions of the matrix share. A session runs in an empty folder; what it prints and leaves there must be the same each
# time. What differs from run to run goes to $SCRATCH.
#
#   begin COMMAND...     starts it in the background; its pid is in $BEGUN
#   finish PID           waits for its end, at most 60 s, and prints its exit status
#   "${AS[@]}" COMMAND   runs it as the user that serve_as has named, if we are root; as ourselves otherwise

set -euo pipefail
# Those of bats: who outlives the session must not keep bats waiting.
exec 3>&- 4>&-
. "$LEAKTRACE_SOURCE/tests/support/programs.bash"

FILES="$LEAKTRACE_SOURCE/tests/support/programs"
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX")
chmod 755 "$SCRATCH"
BEGUN_ALL=()

end_session() {
    local status=$? pid

    for pid in "${BEGUN_ALL[@]}"; do
        kill -KILL "$pid" 2> /dev/null || true
        wait "$pid" || true
    done 2> /dev/null
    [ "$status" != 0 ] || echo "the session has come to its end"
    rm -rf "$SCRATCH"
    exit "$status"
}
trap end_session EXIT

begin() {
    "$@" < /dev/null &
    BEGUN=$!
    BEGUN_ALL+=("$BEGUN")
}

is_gone() {
    local state

    state=$(awk '$1 == "State:" { print $2 }' "/proc/$1/status" 2> /dev/null) || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}

finish() {
    local status=0

    eventually is_gone "$1"
    wait "$1" || status=$?
    echo "ended with $status"
}

serve_as() {
    AS=()
    if [ "$(id -u)" = 0 ]; then
        AS=(setpriv --reuid="$1" --regid="$1" --clear-groups)
    fi
}

# ab with all requests answered: prints how many were, and how many failed.
load_by_ab() {
    ab -q "$@" > "$SCRATCH/ab"
    sed -n 's/^\(Complete requests\|Failed requests\|Non-2xx responses\): */\1: /p' "$SCRATCH/ab"
}
