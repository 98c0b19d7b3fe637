# program: php-fpm
# packages: php-fpm nginx-light apache2-utils curl
# workload: a pool of 3 behind nginx: sessions of arrays, regular expressions, sorting, files; workers ended after 100 requests; reload by its own SIGUSR2
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port)
URL="http://127.0.0.1:$PORT"
mkdir "$SCRATCH/www"
cat > "$SCRATCH/www/work.php" << 'PHP'
<?php
$seed = (int)($_GET['n'] ?? 1);
$rows = [];
for ($i = 0; $i < 2000; $i++) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    $rows[] = ['id' => $i, 'name' => md5((string)$seed), 'size' => $seed % 1000];
}
usort($rows, fn($a, $b) => [$a['size'], $a['id']] <=> [$b['size'], $b['id']]);
$text = json_encode($rows);
preg_match_all('/"name":"(a[0-9a-f]+)"/', $text, $found);
$file = tmpfile();
fwrite($file, serialize($rows));
rewind($file);
$same = unserialize(stream_get_contents($file)) == $rows;
function numbers($n) { for ($i = 0; $i < $n; $i++) yield $i * $i; }
echo count($found[1]), ' ', sha1($text), ' ', array_sum(iterator_to_array(numbers(1000))), ' ', var_export($same, true), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo get_class($e), "\n"; }
PHP
user=''
if [ "$(id -u)" = 0 ]; then
    user='user root;'
fi
sed "s:@FOLDER@:$SCRATCH:; s:@PORT@:$PORT:; s:@USER@:$user:; s:@VERSION@:php:" "$LEAKTRACE_SOURCE/tests/integration/matrix/nginx.conf" |
    sed "s|location = /version|location ~ php\$ { fastcgi_pass unix:$SCRATCH/socket; fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name; fastcgi_param QUERY_STRING \$query_string; fastcgi_param REQUEST_METHOD \$request_method; }\n        &|" > "$SCRATCH/nginx.conf"
cat > "$SCRATCH/fpm.conf" << END
[global]
error_log = $SCRATCH/log
daemonize = no
[www]
listen = $SCRATCH/socket
pm = static
pm.max_children = 3
pm.max_requests = 100
catch_workers_output = yes
END
fpm=$(find /usr/sbin -name 'php-fpm[0-9]*' | sort -V | tail -n 1)
options=(-n -F -y "$SCRATCH/fpm.conf")
if [ "$(id -u)" = 0 ]; then
    printf 'user = root\ngroup = root\n' >> "$SCRATCH/fpm.conf"
    options+=(-R)
fi
begin "$fpm" "${options[@]}" 2> "$SCRATCH/err"
php=$BEGUN
begin /usr/sbin/nginx -e "$SCRATCH/error.log" -c "$SCRATCH/nginx.conf" -g 'daemon off;'
web=$BEGUN

answers() { curl -sf "$URL/work.php?n=3"; }
ready() { [ "$(grep -c 'ready to handle connections' "$SCRATCH/log")" = "$1" ]; }

eventually answers
for n in 1 2 3 4 5; do curl -sf "$URL/work.php?n=$n"; done
load_by_ab -n 400 -c 4 "$URL/work.php?n=7"
kill -USR2 "$php"
eventually ready 2
eventually answers
load_by_ab -n 100 -c 4 "$URL/work.php?n=9"
answers
sleep 2
kill -QUIT "$php"
finish "$php"
kill -QUIT "$web"
finish "$web"
grep -E 'SIGSEGV|SIGBUS|SIGABRT|core dumped|ALERT' "$SCRATCH/log" || echo "no crash"
