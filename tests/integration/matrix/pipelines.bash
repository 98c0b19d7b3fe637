# program: bash, coreutils, tar
# packages: bash coreutils tar gzip xz-utils findutils
# workload: pipelines, job control, traps, coprocesses, here documents, parallel sort and xargs, archives
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

mkdir tree
for i in $(seq 1 60); do seq "$i" 400 > "tree/$i"; done
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree | gzip -n -9 | tee tree.tar.gz | gzip -dc | tar -tf - | sort -r | tail -n 3
tar --sort=name --mtime=@0 --owner=0 --group=0 -cJf tree.tar.xz tree
mkdir "$SCRATCH/out"
tar -xJf tree.tar.xz -C "$SCRATCH/out" && diff -r tree "$SCRATCH/out/tree" && echo "the same tree"
cat tree/* | awk '{ sum[$1 % 7] += $1 } END { for (i = 0; i < 7; i++) print i, sum[i] }'
find tree -type f -print0 | sort -z | xargs -0 -n 5 -P 4 cat | sort -n --parallel=4 -S 1M | uniq -c | sort -k1,1nr -k2n | sed -n 1,4p
seq 300000 | shuf --random-source=<(seq 300000) | sort --parallel=4 -S 2M -n | sha256sum
cat tree/* | split -n r/7 --filter='sha256sum' | sort | sha256sum
join <(seq 1000 | sort) <(seq 500 1500 | sort) | wc -l
comm -12 <(seq 100 | sort) <(seq 50 150 | sort) | wc -l
for i in $(seq 200); do echo "$(($(printf '%d' "$i") * 2))"; done | paste -sd+ | awk -F+ '{ for (i = 1; i <= NF; i++) s += $i; print s }'
trap 'echo trapped USR1' USR1
kill -USR1 $$
(trap 'echo child ends' EXIT; exit 7) || echo "child $?"
sleep 3 &
wait -n && echo waited
coproc cat
echo through >&"${COPROC[1]}"
read -r answer <&"${COPROC[0]}"
echo "$answer"
exec {COPROC[1]}>&-
wait "$COPROC_PID" && echo "cat ended"
exec 9<> "$SCRATCH/out/rw" && echo line >&9 && exec 9>&-
mapfile -t lines < <(tac tree/1) && echo "${#lines[@]} ${lines[0]}"
timeout 0.2 sleep 10 || echo "timeout $?"
{ bash -c 'kill -KILL $$' || echo "killed $?"; } 2> /dev/null
ulimit -n 32 && cat tree/1 tree/2 | wc -l
cat no-such-file | wc -c || echo "pipefail $?"
{ bash -c 'kill -TERM $$' || echo "ended by $?"; } 2> /dev/null
