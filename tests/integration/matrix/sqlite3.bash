# program: sqlite3
# packages: sqlite3
# workload: fills, joins, changes and fails in memory and in a file; write-ahead log by 3 processes at once; integrity check
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

sqlite3 -batch :memory: ".read $FILES/tables.sql" || echo "status $?"
cd "$SCRATCH"
sqlite3 -batch many.db 'pragma journal_mode = wal; create table t (who, i, text, unique (who, i))'
for who in 1 2 3; do
    seq 300 | sed "s/.*/.timeout 60000\ninsert into t values ($who, &, hex(zeroblob(& % 90)));/" | sqlite3 -batch many.db &
done
wait
sqlite3 -batch many.db 'select who, count(*), sum(i), sum(length(text)) from t group by who; pragma integrity_check'
sqlite3 -batch many.db "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select count(*), sum(i * i % 7), max(hex(i)) from n"
sqlite3 -batch many.db .dump | sort | sha256sum
