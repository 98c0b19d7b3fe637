# program: postgresql
# packages: postgresql postgresql-contrib
# workload: initdb, pgbench by 4 clients whose sums are checked, parallel queries, indexes, dump and restore, restart
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

serve_as postgres
PATH="$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1):$PATH"
PORT=$(free_port)
export PGHOST=127.0.0.1 PGPORT=$PORT PGUSER=postgres PGDATABASE=postgres TZ=UTC
data="$SCRATCH/data"
mkdir "$data"
if [ "$(id -u)" = 0 ]; then
    chown postgres "$data" "$SCRATCH"
fi
cd "$SCRATCH"

ask() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"
}

serve() {
    begin "${AS[@]}" postgres -D "$data" -c port="$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=20 \
        -c log_min_messages=warning -c shared_buffers=32MB
    eventually psql -X -c 'select 1'
}

"${AS[@]}" initdb -D "$data" -U postgres -A trust --no-sync > "$SCRATCH/initdb"
serve 2>> "$SCRATCH/log"
pgbench -i -s 1 -q > /dev/null 2> "$SCRATCH/err"
pgbench -c 4 -j 2 -t 250 > "$SCRATCH/pgbench" 2>> "$SCRATCH/err"
grep -E '^number of (transactions actually processed|failed transactions)' "$SCRATCH/pgbench"
ask 'select count(*) from pgbench_history'
ask 'select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history),
            (select sum(bbalance) from pgbench_branches) = (select sum(tbalance) from pgbench_tellers)'
ask "create table t as select i, md5(i::text) as m from generate_series(1, 100000) i; create index on t (m); analyze t"
ask "set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set min_parallel_table_scan_size = 0;
     select count(*), sum(length(m)), md5(string_agg(m, '' order by m) filter (where i <= 5000)) from t where m > '4'"
ask "do \$\$ begin for i in 1..2000 loop begin perform 1 / (i % 2); exception when division_by_zero then null; end; end loop; end \$\$"
ask 'select 1 / 0' || echo "status $?"
pg_dump -t t | sed '/^--/d; /^\\\(un\)\?restrict/d' | sha256sum
ask 'vacuum full t'
ask 'reindex table t'
ask checkpoint
sleep 2
kill -INT "$(head -n 1 "$data/postmaster.pid")"
finish "$BEGUN"
serve 2>> "$SCRATCH/log"
ask 'select count(*), max(m) from t'
kill -TERM "$(head -n 1 "$data/postmaster.pid")"
finish "$BEGUN"
grep -E 'PANIC|crash|terminated by signal' "$SCRATCH/log" || echo "no crash"
