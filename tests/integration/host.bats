#!/usr/bin/env bats
# The host is unharmed where leaktrace's own thread and lines could be in its way.

load ../support/leaktrace

@test "a program whose main thread leaves first ends with its last thread, and says all it has to say" {
    local how
    for how in later now; do
        run -0 timeout -s KILL 20 "$LEAKTRACE_SPECIMENS/main_leaves" "$how"
        equal "$output" "hello and goodbye"
        traced -- timeout -s KILL 20 "$LEAKTRACE_SPECIMENS/main_leaves" "$how" > "$BATS_TEST_TMPDIR/out"
        equal "$(cat "$BATS_TEST_TMPDIR/out")" "hello and goodbye" "$how"
    done
    equal "$(find "$DUMPS" -name 'main_leaves.*.heap.txt' | wc -l)" 2
    equal "$(find "$DUMPS" -name '*.status')" ""
}

@test "a reader of standard error that has gone does not kill the program" {
    run -0 timeout -s KILL 20 python3 - "$LEAKTRACE_LIBRARY" "$DUMPS" <<'PY'
import os, signal, subprocess, sys
gone, write = os.pipe()
os.close(gone)
env = dict(os.environ, LD_PRELOAD=sys.argv[1], LEAKTRACE_OPTIONS=f"dir={sys.argv[2]}:bogus=1")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
done = subprocess.run(["sh", "-c", "echo fine; exit 7"], stdout=subprocess.PIPE, stderr=write, env=env)
print(done.returncode, done.stdout)
PY
    equal "$output" "7 b'fine\\n'"
}

@test "a reader of standard error that does not read does not keep the program from ending" {
    run -0 timeout -s KILL 20 python3 - "$LEAKTRACE_LIBRARY" "$DUMPS" <<'PY'
import fcntl, os, subprocess, sys
read, write = os.pipe()
os.set_blocking(write, False)
try:
    while True:
        os.write(write, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(write, True)
env = dict(os.environ, LD_PRELOAD=sys.argv[1], LEAKTRACE_OPTIONS=f"dir={sys.argv[2]}")
print(subprocess.run(["sh", "-c", "exit 7"], stderr=write, env=env, timeout=15).returncode)
PY
    equal "$output" 7
}

@test "own memory does not grow with threads that come and go, also those that no hook sees" {
    local kind resident
    for kind in posix c11; do
        resident=$(env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="dir=$DUMPS:at_exit=no:profiles=heap" \
            "$LEAKTRACE_SPECIMENS/thread_churn" 5000 "$kind")
        [ "$resident" -lt 12000 ] || { echo "$kind: $resident KiB" >&2 && return 1; }
    done
}

@test "a process in a chroot without /proc is dumped from what leaktrace itself knows" {
    mkdir "$BATS_TEST_TMPDIR/jail"
    env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="dir=/dumps:format=text:log=none" \
        "$LEAKTRACE_SPECIMENS/chrooted" "$BATS_TEST_TMPDIR/jail"
    DUMPS="$BATS_TEST_TMPDIR/jail/dumps"
    equal "$(total fd inuse_fds)" 5
    equal "$(comment fd unattributed_fds)" -1
    [ -s "$(newest heap)" ]
}
