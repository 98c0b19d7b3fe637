# program: nginx
# packages: nginx-light apache2-utils curl
# workload: files, compressed answers, itself as a proxy under ab; reload in the middle of a load; binary upgrade by its own SIGUSR2
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port)
URL="http://127.0.0.1:$PORT"

configure() {
    local user=
    # Workers stay who we are, so that they may write dumps where we may.
    if [ "$(id -u)" = 0 ]; then
        user='user root;'
    fi
    sed "s:@FOLDER@:$SCRATCH:; s:@PORT@:$PORT:; s:@USER@:$user:; s:@VERSION@:$1:" \
        "$LEAKTRACE_SOURCE/tests/integration/matrix/nginx.conf" > "$SCRATCH/nginx.conf"
}

serves_version() {
    [ "$(curl -sf "$URL/version")" = "$1" ]
}

# The file goes away for a moment.
is_another() {
    local now

    now=$(cat "$SCRATCH/nginx.pid" 2> /dev/null) && [ -n "$now" ] && [ "$now" != "$1" ]
}

mkdir "$SCRATCH/www"
seq 1 3000 > "$SCRATCH/www/numbers"
configure one
# As a daemon: in the foreground it does not take USR2.
/usr/sbin/nginx -e "$SCRATCH/error.log" -c "$SCRATCH/nginx.conf"
eventually serves_version one
master=$(cat "$SCRATCH/nginx.pid")
BEGUN_ALL+=("$master")
load_by_ab -n 2000 -c 8 "$URL/numbers"
load_by_ab -k -n 2000 -c 8 -H 'Accept-Encoding: gzip' "$URL/through/numbers"
curl -sf --compressed "$URL/through/numbers" | cmp - "$SCRATCH/www/numbers" && echo "the same through the proxy"

configure two
load_by_ab -n 4000 -c 8 "$URL/numbers" &
load=$!
kill -HUP "$master"
eventually serves_version two
wait "$load"

configure three
kill -USR2 "$master"
eventually is_another "$master"
upgraded=$(cat "$SCRATCH/nginx.pid")
BEGUN_ALL+=("$upgraded")
eventually serves_version three
kill -QUIT "$master"
eventually is_gone "$master"
load_by_ab -n 2000 -c 8 "$URL/numbers"
sleep 2
kill -QUIT "$upgraded"
eventually is_gone "$upgraded"
grep -E '\[(alert|crit|emerg|error|warn)\]' "$SCRATCH/error.log" | grep -v leaktrace || echo "no complaints"
