# program: haproxy
# packages: haproxy nginx-light apache2-utils curl
# workload: master and worker in front of two nginx: round robin, keep-alive, compression, health checks; reload by its own SIGUSR2 under load
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port) BACK=$(free_port)
URL="http://127.0.0.1:$PORT"
mkdir "$SCRATCH/www"
seq 1 3000 > "$SCRATCH/www/numbers"
sed "s:@FOLDER@:$SCRATCH:; s:@PORT@:$BACK:; s:@USER@::; s:@VERSION@:back:" "$LEAKTRACE_SOURCE/tests/integration/matrix/nginx.conf" > "$SCRATCH/nginx.conf"
if [ "$(id -u)" = 0 ]; then
    sed -i '1i user root;' "$SCRATCH/nginx.conf"
fi
begin /usr/sbin/nginx -e "$SCRATCH/error.log" -c "$SCRATCH/nginx.conf" -g 'daemon off;'
back=$BEGUN

configure() {
    cat > "$SCRATCH/haproxy.cfg" << END
global
    maxconn 200
    nbthread 2
    stats socket $SCRATCH/stats level admin
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend front
    bind 127.0.0.1:$PORT
    http-response set-header X-Version $1
    default_backend back
backend back
    balance roundrobin
    compression algo gzip
    compression type text/plain application/octet-stream
    server one 127.0.0.1:$BACK check inter 500
    server two 127.0.0.1:$BACK check inter 500
END
}

serves_version() {
    curl -sf -o /dev/null -D - "$URL/numbers" | grep -qi "^x-version: $1"
}

configure one
begin haproxy -W -db -f "$SCRATCH/haproxy.cfg" 2> "$SCRATCH/err"
proxy=$BEGUN
eventually serves_version one
load_by_ab -n 2000 -c 8 "$URL/numbers"
load_by_ab -k -n 2000 -c 8 "$URL/version"
curl -sf --compressed "$URL/numbers" | cmp - "$SCRATCH/www/numbers" && echo "the same through the proxy"
configure two
load_by_ab -n 3000 -c 4 "$URL/numbers" &
load=$!
kill -USR2 "$proxy"
eventually serves_version two
wait "$load"
sleep 2
kill -USR1 "$proxy"
finish "$proxy"
kill -QUIT "$back"
finish "$back"
grep -iE 'alert|crash|segfault' "$SCRATCH/err" | grep -v -e leaktrace -e 'Current worker' -e 'exit' || echo "no alerts"
