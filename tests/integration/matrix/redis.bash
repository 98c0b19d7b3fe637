# program: redis
# packages: redis-server redis-tools
# workload: benchmark, Lua, snapshot in a forked child, rewrite of the log, restart from disk
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port)

cli() {
    redis-cli -p "$PORT" "$@"
}

serve() {
    begin redis-server --bind 127.0.0.1 --port "$PORT" --dir "$SCRATCH" --appendonly yes --save '' --enable-debug-command yes \
        --logfile "$SCRATCH/log"
    eventually cli ping
}

idle() {
    cli info persistence | grep -q 'rdb_bgsave_in_progress:0' && cli info persistence | grep -q 'aof_rewrite_in_progress:0'
}

serve
redis-benchmark -p "$PORT" -n 20000 -c 20 -P 4 -q -t set,get,lpush,lrange_100,sadd,zadd,mset > "$SCRATCH/benchmark"
cli info stats | grep '^total_error_replies'
cli flushall
cli eval 'for i = 1, 20000 do redis.call("set", "k" .. i, string.rep(i, 10)) redis.call("zadd", "z", i, "m" .. i) end return redis.sha1hex("done")' 0
cli debug digest | tee "$SCRATCH/digest"
cli bgsave
eventually idle
cli bgrewriteaof
eventually idle
cli info persistence | tr -d '\r' | grep -E '^(rdb_last_bgsave_status|aof_last_bgrewrite_status)'
redis-check-rdb "$SCRATCH/dump.rdb" | grep -E 'keys read|looks OK' | sed 's/^\[[^]]*\] //'
cli shutdown save
finish "$BEGUN"
serve
cli debug digest | cmp - "$SCRATCH/digest" && echo the same from disk
cli dbsize
sleep 2
cli shutdown nosave
finish "$BEGUN"
grep -ciE 'crash|bug report|error' "$SCRATCH/log" || true
