#!/usr/bin/env bats
# The option gate: programs that nobody wraps are judged at their end.

load ../support/leaktrace
load ../support/gate

judged() {
    run --separate-stderr env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="dir=$DUMPS:$1" "${@:2}"
}

@test "a status of 0 becomes 23 when the process leaks, and stays when it does not" {
    judged gate=yes "$(specimen)" fd
    expect 23
    equal "$output" ""
    says "1 device descriptor left open: lose_descriptor"
    judged gate=yes "$(specimen)" keep
    expect 0
    says "no leaks in 1 process"
    judged gate=no "$(specimen)" fd
    expect 0
}

@test "by _exit and by return alike, and what was not flushed is still written" {
    printf '#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main(int c, char **v) { open("/dev/null", 0); printf("text"); if (c > 1) { fflush(stdout); switch (*v[1]) { case 95: _exit(0); case 69: _Exit(0); case 113: quick_exit(0); default: exit(0); } } return 0; }' |
        gcc -x c -o "$BATS_TEST_TMPDIR/ends" -
    local how
    for how in "" _ E q e; do
        # shellcheck disable=SC2086
        judged gate=yes "$BATS_TEST_TMPDIR/ends" $how
        expect 23
        equal "$output" text "by '$how'"
    done
}

@test "the program's own failure and signals stay" {
    judged gate=yes "$(specimen)" fd exit=3
    expect 3
    judged gate=yes "$(specimen)" fd kill=11
    expect 139
}

@test "options of the command are heeded, and a file takes the result" {
    judged "gate=\"--no-fds --format json=$BATS_TEST_TMPDIR/result.json\"" "$(specimen)" fd
    expect 0
    equal "$(field 'r["verdict"]')" clean
    judged "gate='--exitcode 42'" "$(specimen)" fd
    expect 42
}

@test "a verdict that cannot be had changes nothing" {
    judged 'gate=--nonsense' "$(specimen)" fd
    expect 0
    says "the gate has no verdict"
    mkdir "$BATS_TEST_TMPDIR/alone"
    cp "$LEAKTRACE_LIBRARY" "$BATS_TEST_TMPDIR/alone/"
    LEAKTRACE_LIBRARY="$BATS_TEST_TMPDIR/alone/libleaktrace.so" judged gate=yes "$(specimen)" fd
    expect 0
    says "neither beside the library nor in PATH"
}

@test "children are judged themselves, and a parent that waits for all children sees no other" {
    judged gate=yes "$(specimen)" fork fd
    expect 0
    says "lose_descriptor"
}

@test "a program that ignores SIGCHLD is judged, and one that waits for every child in a thread sees none of ours" {
    cat >"$BATS_TEST_TMPDIR/waits.c" <<'END'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
static void *wait_for_children(void *unused)
{
    for (;;)
        if (wait(NULL) > 0)
            fputs("a child\n", stderr);
    return unused;
}
static void say(int sig) { (void)sig; fputs("a signal\n", stderr); }
static volatile char *lost;
int main(int c, char **v)
{
    pthread_t thread;
    (void)v;
    signal(SIGCHLD, c > 1 ? say : SIG_IGN);
    if (c > 1)
        pthread_create(&thread, NULL, wait_for_children, NULL);
    lost = malloc(100);
    lost[0] = 1;
    lost = NULL;
    return 0;
}
END
    gcc -O0 -o "$BATS_TEST_TMPDIR/waits" "$BATS_TEST_TMPDIR/waits.c"
    judged gate=yes "$BATS_TEST_TMPDIR/waits"
    expect 23
    judged gate=yes "$BATS_TEST_TMPDIR/waits" thread
    expect 23
    [[ $stderr != *"a child"* && $stderr != *"a signal"* ]]
}

@test "nothing is said where the log is not standard error" {
    judged "gate=yes:log=none" "$(specimen)" fd
    expect 23
    equal "$stderr" ""
    judged "gate=yes:log=$BATS_TEST_TMPDIR/log" "$(specimen)" fd
    expect 23
    equal "$stderr" ""
    grep -q lose_descriptor "$BATS_TEST_TMPDIR/log"
}
