#!/usr/bin/env bash
# Shows leaktrace at work: starts an exporter that leaks, traced and otherwise unchanged, uses it, and prints what leaks.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SCRAPES=20 USERS=100 RELOADS=10

"$LEAKTRACE_SOURCE/tools/dev/deps.sh" demo
build_preset release

bin="$LEAKTRACE_SOURCE/build/release/bin"
library="$LEAKTRACE_SOURCE/build/release/lib/libleaktrace.so"
dumps=$(mktemp -d "${TMPDIR:-/tmp}/leaktrace-demo.XXXXXX")
exporter=""
trap '[ -z "$exporter" ] || kill "$exporter" 2>/dev/null || true' EXIT

# Waits, at most 10 s, until the command succeeds.
wait_until() {
    for _ in $(seq 100); do
        "$@" && return 0
        sleep 0.1
    done
    echo "demo.sh: gave up waiting: $*; see $dumps" >&2
    exit 1
}

listens() {
    grep -q 'listening on' "$dumps/exporter.out"
}

dumped() {
    [ -e "$(printf '%s/exporter.%d.0001.thread.pb.gz' "$dumps" "$exporter")" ]
}

echo "\$ LD_PRELOAD=libleaktrace.so ./exporter"
LD_PRELOAD="$library" LEAKTRACE_OPTIONS="dir=$dumps:at_exit=no" "$bin/exporter" --listen 0 \
    >"$dumps/exporter.out" 2>"$dumps/exporter.err" &
exporter=$!
wait_until listens
url="http://$(sed -n 's/.*listening on //p' "$dumps/exporter.out")"

echo "\$ curl $url/metrics                 # $SCRAPES scrapes, as Prometheus does"
for _ in $(seq "$SCRAPES"); do curl -fsS -o /dev/null "$url/metrics"; done
echo "\$ curl $url/users/<id>/profile      # $USERS users"
curl -fsS -o /dev/null "$url/users/[1-$USERS]/profile"
echo "\$ curl -X POST $url/-/reload        # $RELOADS reloads"
for _ in $(seq "$RELOADS"); do curl -fsS -o /dev/null -X POST "$url/-/reload"; done

echo "\$ kill -USR2 $exporter"
kill -USR2 "$exporter"
wait_until dumped
echo
"$bin/leaktrace" report "$dumps" --top 3
cat <<EOF

The profiles are in $dumps
Open them:  go tool pprof -top $dumps/exporter.$exporter.0001.heap.pb.gz
            go tool pprof -http=: $dumps/exporter.$exporter.0001.fd.pb.gz
            $bin/leaktrace report $dumps
EOF
