# program: apache2
# packages: apache2-bin apache2-utils curl
# workload: the event MPM: files, compression, CGI by mod_cgid, directory lists, graceful restart by SIGUSR1 under load
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

PORT=$(free_port)
URL="http://127.0.0.1:$PORT"
MODULES=/usr/lib/apache2/modules
mkdir "$SCRATCH/www" "$SCRATCH/cgi"
seq 1 3000 > "$SCRATCH/www/numbers"
printf '#!/bin/sh\necho "Content-Type: text/plain"\necho\necho "query $QUERY_STRING"; cat; seq 3\n' > "$SCRATCH/cgi/echo"
chmod +x "$SCRATCH/cgi/echo"
{
    for module in mpm_event authz_core dir mime deflate filter headers cgid alias autoindex env; do
        echo "LoadModule ${module}_module $MODULES/mod_$module.so"
    done
    cat << END
ServerName localhost
ServerRoot $SCRATCH
PidFile $SCRATCH/pid
Listen 127.0.0.1:$PORT
ErrorLog $SCRATCH/error.log
TypesConfig /dev/null
ScriptSock $SCRATCH/cgi.sock
StartServers 2
ServerLimit 4
ThreadsPerChild 8
MaxRequestWorkers 32
DocumentRoot $SCRATCH/www
Options +Indexes
ScriptAlias /cgi/ $SCRATCH/cgi/
PassEnv LD_PRELOAD LEAKTRACE_OPTIONS
AddOutputFilter DEFLATE numbers
Header set X-Version \${VERSION}
END
    if [ "$(id -u)" != 0 ]; then
        echo "# as we are"
    else
        printf 'User daemon\nGroup daemon\n'
    fi
} > "$SCRATCH/apache2.conf"
chmod -R a+rX "$SCRATCH"

export VERSION=one
begin apache2 -f "$SCRATCH/apache2.conf" -D FOREGROUND 2> "$SCRATCH/err"
apache=$BEGUN
answers() { curl -sf -o /dev/null "$URL/numbers"; }
eventually answers
load_by_ab -n 2000 -c 8 "$URL/numbers"
load_by_ab -k -n 2000 -c 8 -H 'Accept-Encoding: gzip' "$URL/numbers"
curl -sf --compressed "$URL/numbers" | cmp - "$SCRATCH/www/numbers" && echo "the same"
curl -sf --data 'sent' "$URL/cgi/echo?a=b" ; echo
curl -s -o /dev/null -w '%{http_code}\n' "$URL/none"
curl -sf "$URL/" | grep -c numbers
load_by_ab -n 4000 -c 8 "$URL/numbers" &
load=$!
kill -USR1 "$apache"
wait "$load"
eventually answers
load_by_ab -n 40 -c 4 "$URL/cgi/echo"
sleep 2
kill -TERM "$apache"
finish "$apache"
grep -v -e 'leaktrace\[' -e AH01506 "$SCRATCH/err" || echo "nothing on standard error"
grep -E 'Segmentation|exit signal|\[core:(alert|crit|emerg)\]' "$SCRATCH/error.log" || echo "no crash"
