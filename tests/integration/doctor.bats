#!/usr/bin/env bats
# What the doctor says of programs and processes, each held against what happens when they are traced.

load ../support/leaktrace

teardown_file() {
    rm -rf "${TMPDIR:-/tmp}/leaktrace-doctor-test"
}

# Asks the doctor; the exit status is to be $1.
doctor() {
    local code=0
    LEAKTRACE_OPTIONS="${OPTIONS_OF_DOCTOR-dir=$DUMPS}" "$LEAKTRACE_COMMAND" doctor "${@:2}" > "$BATS_TEST_TMPDIR/stdout" 2> "$BATS_TEST_TMPDIR/stderr" || code=$?
    equal "$code" "$1" "exit status of doctor ${*:2}: $(cat "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr")"
}

# The verdict, without the name before it.
verdict() {
    local first
    first=$(head -n 1 "$BATS_TEST_TMPDIR/stdout")
    equal "${first: -${#1}}" "$1"
}

# That level and topic are among the findings, with that text.
found() {
    grep -qE "^  $1 +$2  .*$3" "$BATS_TEST_TMPDIR/stdout" || {
        printf 'not found: %s %s %s, but\n' "$1" "$2" "$3" >&2
        cat "$BATS_TEST_TMPDIR/stdout" >&2
        return 1
    }
}

not_found() {
    ! grep -qE "^  $1 +$2  " "$BATS_TEST_TMPDIR/stdout" || {
        cat "$BATS_TEST_TMPDIR/stdout" >&2
        return 1
    }
}

# Compiles a program that allocates three blocks, opens a file and waits for the end of its input: OUT [FLAG...].
build() {
    cat > "$BATS_TEST_TMPDIR/$1.c" << 'PROGRAM'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef OWN_MALLOC
static char room[1 << 20];
static size_t used;
#ifdef HIDDEN
#define MINE __attribute__((visibility("hidden")))
#else
#define MINE
#endif
MINE void *malloc(size_t size) { used = (used + 15) & ~(size_t)15; used += size; return room + used - size; }
MINE void free(void *ptr) { (void)ptr; }
#endif
#ifdef OWN_CLOSE
int close(int fd) { return fd - fd; }
#endif
__attribute__((noinline)) void *keeps(size_t size) { void *volatile ptr = malloc(size); return ptr; }
int main(void)
{
    char c;
    void *volatile kept[] = {keeps(10), keeps(20), keeps(30)};
    int fd = open("/dev/null", O_RDONLY);
    while (read(0, &c, 1) > 0)
        ;
    return kept[0] == NULL || fd < 0;
}
PROGRAM
    gcc -O1 -g -fno-builtin -o "$BATS_TEST_TMPDIR/$1" "$BATS_TEST_TMPDIR/$1.c" "${@:2}"
}

# Runs it traced to its end.
run_traced() {
    env LEAKTRACE_OPTIONS="dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log" LD_PRELOAD="$LEAKTRACE_LIBRARY" "$@" < /dev/null
}

dumps_of() {
    find "$DUMPS" -name "$1.*.0001.heap.txt" | wc -l
}

@test "an ordinary program can be traced, and is" {
    build plain_one
    doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    verdict "can be traced"
    found ok loader 'x86-64 and glibc'
    found ok names 'has its symbols'
    found ok library "$LEAKTRACE_LIBRARY"
    found ok dumps "$DUMPS"
    equal "$(grep -cvE '^  ok ' "$BATS_TEST_TMPDIR/stdout")" 1 "lines that are not ok: the verdict only"
    run_traced "$BATS_TEST_TMPDIR/plain_one"
    equal "$(figures heap keeps)" "3 60 3 60"
    doctor 0 bash
    verdict "can be traced"
}

@test "a static program cannot be traced, with or without a fixed address" {
    local form
    for form in -static -static-pie; do
        build static_one "$form"
        doctor 1 "$BATS_TEST_TMPDIR/static_one"
        verdict "cannot be traced"
        found stop static 'linked statically.* Link it dynamically'
        run_traced "$BATS_TEST_TMPDIR/static_one"
        equal "$(dumps_of static_one)" 0
    done
}

@test "a shared object is no program, and a text is neither" {
    doctor 1 "$LEAKTRACE_LIBRARY"
    found stop file 'shared object, not a program'
    echo some text > "$BATS_TEST_TMPDIR/text"
    chmod +x "$BATS_TEST_TMPDIR/text"
    doctor 1 "$BATS_TEST_TMPDIR/text"
    found stop file 'neither a program nor a script'
    : > "$BATS_TEST_TMPDIR/empty"
    chmod +x "$BATS_TEST_TMPDIR/empty"
    doctor 1 "$BATS_TEST_TMPDIR/empty"
    found stop file 'neither a program nor a script'
}

@test "a program for musl cannot be traced, and would not even start" {
    echo 'int main(void) { return 0; }' > "$BATS_TEST_TMPDIR/musl.c"
    musl-gcc -o "$BATS_TEST_TMPDIR/musl" "$BATS_TEST_TMPDIR/musl.c"
    "$BATS_TEST_TMPDIR/musl"
    doctor 1 "$BATS_TEST_TMPDIR/musl"
    verdict "cannot be traced"
    found stop libc 'musl.* glibc'
    run ! run_traced "$BATS_TEST_TMPDIR/musl"
}

# A copy of a program with some bytes of its header replaced: OUT OFFSET BYTES.
patched() {
    [ -e "$BATS_TEST_TMPDIR/$1" ] || cp "$LEAKTRACE_SPECIMENS/plain" "$BATS_TEST_TMPDIR/$1"
    printf "$3" | dd of="$BATS_TEST_TMPDIR/$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "a program for another machine cannot be traced, and its machine is named" {
    patched i386 4 '\x01'
    patched i386 18 '\x03'
    doctor 1 "$BATS_TEST_TMPDIR/i386"
    found stop machine 'i386 \(32 bits\)'
    patched x32 4 '\x01'
    doctor 1 "$BATS_TEST_TMPDIR/x32"
    found stop machine 'x32'
    patched arm64 18 '\xb7'
    doctor 1 "$BATS_TEST_TMPDIR/arm64"
    found stop machine arm64
    patched s390 5 '\x02'
    patched s390 18 '\x00\x16'
    doctor 1 "$BATS_TEST_TMPDIR/s390"
    found stop machine s390
}

@test "headers that make no sense give an answer, not a crash" {
    local at code
    for at in 32 40 54 56 58 60 62 64 72 96 104 120 200 300 400; do
        rm -f "$BATS_TEST_TMPDIR/broken"
        patched broken "$at" '\xff\xff\xff\x7f'
        code=0
        LEAKTRACE_OPTIONS="dir=$DUMPS" "$LEAKTRACE_COMMAND" doctor "$BATS_TEST_TMPDIR/broken" > "$BATS_TEST_TMPDIR/stdout" || code=$?
        [ "$code" -le 1 ] || { echo "status $code at $at" >&2 && return 1; }
        grep -qE 'can(not)? be traced' "$BATS_TEST_TMPDIR/stdout"
    done
    head -c 100 "$LEAKTRACE_SPECIMENS/plain" > "$BATS_TEST_TMPDIR/cut"
    chmod +x "$BATS_TEST_TMPDIR/cut"
    doctor 1 "$BATS_TEST_TMPDIR/cut"
}

# A program with rights of another user's: this system's own, unless we may make one.
privileged_program() {
    if [ "$(id -u)" != 0 ]; then
        echo /usr/bin/su
        return
    fi
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/privileged"
    chown 65534:65534 "$BATS_TEST_TMPDIR/privileged"
    chmod "$1" "$BATS_TEST_TMPDIR/privileged"
    echo "$BATS_TEST_TMPDIR/privileged"
}

@test "a setuid or setgid program cannot be traced, unless these rights have no effect" {
    local program
    for mode in 4755 2755; do
        program=$(privileged_program "$mode")
        doctor 1 "$program"
        verdict "cannot be traced"
        found stop privilege 'set[ug]id.* ignores LD_PRELOAD'
        if [ "$(id -u)" = 0 ]; then
            run_traced "$program" 0
            equal "$(find "$DUMPS" -type f | wc -l)" 0
            "$program" 60 3>&- &
            STARTED+=("$!")
            wait_until test "/proc/$!/exe" -ef "$program"
            doctor 1 "$!"
            found stop privilege 'started with rights of its own'
        fi
    done
    setpriv --no-new-privs "$LEAKTRACE_COMMAND" doctor "$program" > "$BATS_TEST_TMPDIR/stdout"
    found note privilege no_new_privs
}

@test "a program with capabilities cannot be traced by one who is not root" {
    local folder="${TMPDIR:-/tmp}/leaktrace-doctor-test" as=()
    mkdir -p -m 755 "$folder"
    cp "$LEAKTRACE_COMMAND" "$LEAKTRACE_LIBRARY" "$(command -v sleep)" "$folder/"
    if [ "$(id -u)" = 0 ]; then
        setcap cap_net_raw+ep "$folder/sleep"
        as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    fi
    as+=(env "LEAKTRACE_LIBRARY=$folder/libleaktrace.so" LEAKTRACE_OPTIONS=)
    "${as[@]}" "$folder/leaktrace" doctor "$folder/sleep" > "$BATS_TEST_TMPDIR/stdout" || equal "$?" 1
    if [ "$(id -u)" = 0 ]; then
        found stop privilege 'given capabilities'
        doctor 0 "$folder/sleep"
        not_found stop privilege
    else
        verdict "can be traced"
    fi
}

@test "a script is judged by what runs it, through env as well" {
    build static_one -static
    printf '#!/bin/bash\ntrue\n' > "$BATS_TEST_TMPDIR/script"
    chmod +x "$BATS_TEST_TMPDIR/script"
    doctor 0 "$BATS_TEST_TMPDIR/script"
    found note script 'run by /bin/bash'
    printf '#!/usr/bin/env -S static_one -x\n' > "$BATS_TEST_TMPDIR/script"
    PATH="$BATS_TEST_TMPDIR:$PATH" doctor 1 "$BATS_TEST_TMPDIR/script"
    found note script 'run by .*static_one'
    found stop static 'linked statically'
    printf '#!/no/such/interpreter\n' > "$BATS_TEST_TMPDIR/script"
    doctor 1 "$BATS_TEST_TMPDIR/script"
    found stop script '/no/such/interpreter'
    printf '#!%s\n' "$BATS_TEST_TMPDIR/script" > "$BATS_TEST_TMPDIR/script"
    doctor 1 "$BATS_TEST_TMPDIR/script"
    found stop script 'more scripts run each other'
}

@test "stripped, without a build id, without unwind tables: what it costs is said" {
    build stripped_one -Wl,--build-id=none -s
    doctor 0 "$BATS_TEST_TMPDIR/stripped_one"
    verdict "can be traced"
    found note names 'stripped'
    found note 'build id' 'no build id'
    build tables_none -Wl,--no-eh-frame-hdr -Wl,--build-id=sha1
    doctor 0 "$BATS_TEST_TMPDIR/tables_none"
    verdict "can be traced, with limits"
    found limit stacks 'no .eh_frame'
    run_traced "$BATS_TEST_TMPDIR/tables_none"
    [ "$(comment heap truncated_stacks "$(newest heap tables_none)")" -gt 0 ]
    run_traced "$BATS_TEST_TMPDIR/stripped_one"
    equal "$(comment heap truncated_stacks "$(newest heap stripped_one)")" 0
    equal "$(total heap inuse_objects keeps "$(newest heap stripped_one)")" 0
}

@test "a program that is stripped of its symbols but has a debug file is named" {
    build with_debug
    objcopy --only-keep-debug "$BATS_TEST_TMPDIR/with_debug" "$BATS_TEST_TMPDIR/with_debug.debug"
    (cd "$BATS_TEST_TMPDIR" && objcopy --strip-all --add-gnu-debuglink=with_debug.debug with_debug)
    doctor 0 "$BATS_TEST_TMPDIR/with_debug"
    found ok names 'in a debug file'
    run_traced "$BATS_TEST_TMPDIR/with_debug"
    equal "$(figures heap keeps)" "3 60 3 60"
}

@test "of a program with a malloc of its own heap blocks are not seen, descriptors are" {
    local form
    for form in -DOWN_MALLOC '-DOWN_MALLOC -DHIDDEN'; do
        # shellcheck disable=SC2086
        build own_malloc $form
        doctor 0 "$BATS_TEST_TMPDIR/own_malloc"
        verdict "can be traced, with limits"
        found limit heap 'defines malloc itself'
        run_traced "$BATS_TEST_TMPDIR/own_malloc"
        equal "$(total heap inuse_objects keeps "$(newest heap own_malloc)")" 0
        equal "$(figures fd main "$(newest fd own_malloc)")" "1 1"
        rm "$DUMPS"/*
    done
    build own_close -DOWN_CLOSE
    doctor 0 "$BATS_TEST_TMPDIR/own_close"
    found limit functions 'defines 1 of the functions .*\(close\)'
    not_found limit heap
}

@test "allocators that come as shared libraries are named, and their blocks are seen" {
    local library
    for library in libjemalloc.so.2 libtcmalloc.so.4 libmimalloc.so.2; do
        build with_allocator "/usr/lib/x86_64-linux-gnu/$library" -Wl,--no-as-needed
        gcc -O1 -g -fno-builtin -o "$BATS_TEST_TMPDIR/with_allocator" "$BATS_TEST_TMPDIR/with_allocator.c" -Wl,--no-as-needed "/usr/lib/x86_64-linux-gnu/$library"
        doctor 0 "$BATS_TEST_TMPDIR/with_allocator"
        verdict "can be traced"
        found ok allocator 'its blocks are seen'
        run_traced "$BATS_TEST_TMPDIR/with_allocator"
        equal "$(figures heap keeps)" "3 60 3 60"
        rm "$DUMPS"/*
    done
}

@test "what a sanitizer in the program means is said, and the advice holds" {
    build asan -fsanitize=address
    export ASAN_OPTIONS=detect_leaks=0
    doctor 0 "$BATS_TEST_TMPDIR/asan"
    found limit sanitizer 'AddressSanitizer'
    run_traced "$BATS_TEST_TMPDIR/asan"
    build asan_static -fsanitize=address -static-libasan
    doctor 0 "$BATS_TEST_TMPDIR/asan_static"
    found limit heap 'AddressSanitizer is linked into it'
    run_traced "$BATS_TEST_TMPDIR/asan_static"
    equal "$(total heap alloc_objects "" "$(newest heap asan_static)")" 0
    equal "$(figures fd main "$(newest fd asan_static)")" "1 1"
    build tsan -fsanitize=thread
    doctor 0 "$BATS_TEST_TMPDIR/tsan"
    found limit sanitizer 'ThreadSanitizer'
    run_traced "$BATS_TEST_TMPDIR/tsan"
}

@test "a Go program cannot be traced without cgo, and its C code only with it" {
    mkdir "$BATS_TEST_TMPDIR/go"
    cd "$BATS_TEST_TMPDIR/go"
    printf 'package main\nfunc main() { println("hello") }\n' > pure.go
    printf 'package main\n// #include <stdlib.h>\nimport "C"\nfunc main() { C.malloc(10) }\n' > cgo.go
    export GOFLAGS=-trimpath GOCACHE="$BATS_TEST_TMPDIR/cache" GO111MODULE=off
    CGO_ENABLED=0 go build -ldflags='-s -w' -o pure pure.go
    doctor 1 ./pure
    found stop static 'Go program without libc.* net/http/pprof'
    CGO_ENABLED=1 go build -o cgo cgo.go
    doctor 0 ./cgo
    verdict "can be traced, with limits"
    found limit go 'only what its C code'
}

@test "a program that is built on Chromium is known by what lies beside it" {
    build plain_one
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/chrome_crashpad_handler"
    doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    found limit threads 'zygote.* --no-zygote'
}

@test "a library that cannot be loaded is told by the loader's own words" {
    build plain_one
    LEAKTRACE_LIBRARY="$BATS_TEST_TMPDIR/none.so" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop library 'none.so: No such file'
    echo text > "$BATS_TEST_TMPDIR/text.so"
    LEAKTRACE_LIBRARY="$BATS_TEST_TMPDIR/text.so" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop loader 'refuses libleaktrace.so.*text.so'
    cp "$LEAKTRACE_LIBRARY" "$BATS_TEST_TMPDIR/arm.so"
    patched arm.so 18 '\xb7'
    LEAKTRACE_LIBRARY="$BATS_TEST_TMPDIR/arm.so" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop '(loader|library)' 'arm.so'
}

@test "a library on a file system that is mounted noexec is told so" {
    build plain_one
    mkdir "$BATS_TEST_TMPDIR/mount"
    unshare --mount --map-root-user bash -c '
        mount -t tmpfs -o noexec none "$1" && cp "$LEAKTRACE_LIBRARY" "$1/" &&
            LEAKTRACE_OPTIONS="dir=$1/dumps" LEAKTRACE_LIBRARY="$1/libleaktrace.so" "$LEAKTRACE_COMMAND" doctor "$2"' \
        bash "$BATS_TEST_TMPDIR/mount" "$BATS_TEST_TMPDIR/plain_one" > "$BATS_TEST_TMPDIR/stdout" || equal "$?" 1
    found stop noexec 'mounted noexec'
    verdict "cannot be traced"
}

@test "a program whose own libraries are missing cannot be run at all" {
    echo 'int helper(void) { return 1; }' > "$BATS_TEST_TMPDIR/helper.c"
    gcc -shared -fPIC -o "$BATS_TEST_TMPDIR/libhelper.so" "$BATS_TEST_TMPDIR/helper.c"
    build lacking -Wl,--no-as-needed -L"$BATS_TEST_TMPDIR" -lhelper
    doctor 1 "$BATS_TEST_TMPDIR/lacking"
    found stop loader 'libhelper.so: cannot open'
    LD_LIBRARY_PATH="$BATS_TEST_TMPDIR" doctor 0 "$BATS_TEST_TMPDIR/lacking"
}

@test "other preloads are named, and what is wrong with them" {
    build plain_one
    LD_PRELOAD=libjemalloc.so.2 doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    found note preload 'libjemalloc.so.2'
    found ok allocator jemalloc
    LD_PRELOAD="$BATS_TEST_TMPDIR/gone.so" doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    found note loader 'gone.so'
}

@test "a folder that dumps cannot go to, and options that make no sense, are told" {
    build plain_one
    : > "$BATS_TEST_TMPDIR/file"
    OPTIONS_OF_DOCTOR="dir=$BATS_TEST_TMPDIR/file" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop dumps 'not a folder'
    OPTIONS_OF_DOCTOR="dir=$BATS_TEST_TMPDIR/no/such" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop dumps 'cannot be made'
    OPTIONS_OF_DOCTOR="dir=$BATS_TEST_TMPDIR/new" doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    [ ! -e "$BATS_TEST_TMPDIR/new" ]
    mkdir "$BATS_TEST_TMPDIR/tmp"
    ln -s "$DUMPS" "$BATS_TEST_TMPDIR/tmp/leaktrace-$(id -u)"
    TMPDIR="$BATS_TEST_TMPDIR/tmp" OPTIONS_OF_DOCTOR='' doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop dumps 'a link or no folder'
    rm "$BATS_TEST_TMPDIR/tmp/"*
    mkdir -m 755 "$BATS_TEST_TMPDIR/tmp/leaktrace-$(id -u)"
    TMPDIR="$BATS_TEST_TMPDIR/tmp" OPTIONS_OF_DOCTOR='' doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop dumps 'others may'
    OPTIONS_OF_DOCTOR="dir=$DUMPS:exe=other*" doctor 1 "$BATS_TEST_TMPDIR/plain_one"
    found stop options 'exe=other\* does not name plain_one'
    OPTIONS_OF_DOCTOR="dir=$DUMPS:dept=3" doctor 0 "$BATS_TEST_TMPDIR/plain_one"
    found limit options "did you mean 'depth'"
}

@test "a process that is traced is said to be, with what it makes of the signal" {
    start -- bash -c 'trap : USR2; echo ready; read -r'
    wait_for_line ready
    doctor 0 "$PROGRAM"
    found ok traced 'leaktrace .* is in it; 0 dumps'
    found ok answer answers
    found note signal 'taken by the program'
    verdict "is traced"
    finish 1
    start -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    doctor 0 "$PROGRAM"
    found ok signal 'SIGUSR2'
    mv "$DUMPS" "$DUMPS.away"
    : > "$DUMPS"
    doctor 1 "$PROGRAM"
    verdict "is traced, but to no use"
    found stop dumps 'not a folder'
    rm "$DUMPS"
    mv "$DUMPS.away" "$DUMPS"
    echo go >&"$INPUT"
    finish
}

@test "a process with the library in it that is not traced is told from one without it" {
    start 'exe=other' -- "$LEAKTRACE_SPECIMENS/growth"
    wait_for_line warm
    doctor 1 "$PROGRAM"
    found stop traced 'loaded into it, but traces nothing'
    kill "$PROGRAM"
    "$LEAKTRACE_SPECIMENS/signals" wait < /dev/zero > "$BATS_TEST_TMPDIR/out" 3>&- &
    STARTED+=("$!")
    wait_for_line ready
    doctor 0 "$!"
    verdict "can be traced when it is started again"
    found note running 'started without leaktrace'
}

# A process of bash that does that first, and then waits.
bash_that() {
    local never="$BATS_TEST_TMPDIR/never"
    [ -e "$never" ] || mkfifo "$never"
    : > "$BATS_TEST_TMPDIR/out"
    bash -c "$1; echo ready; read -r < '$never'" > "$BATS_TEST_TMPDIR/out" 3>&- &
    STARTED+=("$!")
    wait_for_line ready
}

@test "a process that handles or ignores the dump signal itself is known" {
    bash_that 'trap : USR2'
    doctor 0 "$!"
    found note signal 'handler for SIGUSR2'
    bash_that 'trap "" USR2'
    doctor 0 "$!"
    found note signal 'ignores SIGUSR2'
    OPTIONS_OF_DOCTOR="dir=$DUMPS:signal=RTMIN+3" doctor 0 "$!"
    found ok signal 'SIGRTMIN\+3 is free'
}

@test "a process under a seccomp filter is known" {
    cat > "$BATS_TEST_TMPDIR/filtered.c" << 'PROGRAM'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, allow};
    char c;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    puts(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? "ready" : "refused");
    fflush(stdout);
    return (int)read(0, &c, 1);
}
PROGRAM
    gcc -o "$BATS_TEST_TMPDIR/filtered" "$BATS_TEST_TMPDIR/filtered.c"
    start -- "$BATS_TEST_TMPDIR/filtered"
    wait_for_line ready
    doctor 0 "$PROGRAM"
    found note seccomp 'under a seccomp filter'
    found ok answer answers
    finish
}

@test "what has no program, and what does not exist, is told" {
    bash -c 'sleep 0 & echo $!; exec sleep 60' > "$BATS_TEST_TMPDIR/zombie" 3>&- &
    STARTED+=("$!")
    wait_until test -s "$BATS_TEST_TMPDIR/zombie"
    local zombie
    zombie=$(cat "$BATS_TEST_TMPDIR/zombie")
    wait_until grep -q 'State:.*zombie' "/proc/$zombie/status"
    doctor 1 "$zombie"
    found stop process 'has ended'
    doctor 3 no-such-program
    grep -q 'no such program' "$BATS_TEST_TMPDIR/stderr"
    doctor 3 2147483647
    grep -q 'does not exist' "$BATS_TEST_TMPDIR/stderr"
    doctor 2
    doctor 2 one two
    doctor 2 --format xml bash
    doctor 0 --help
}

@test "the JSON form says the same" {
    build static_one -static
    doctor 1 --format json "$BATS_TEST_TMPDIR/static_one"
    python3 - "$BATS_TEST_TMPDIR/stdout" << 'END'
import json, sys
answer = json.load(open(sys.argv[1]))
assert answer["schema"] == 1 and answer["verdict"] == "no" and answer["pid"] is None, answer
assert answer["findings"][0]["level"] == "stop" and answer["findings"][0]["topic"] == "static", answer
assert answer["findings"][0]["advice"].startswith("Link it dynamically"), answer
END
    doctor 0 --format json "$$"
    python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); assert a["verdict"] == "yes" and a["pid"] == int(sys.argv[2]), a' \
        "$BATS_TEST_TMPDIR/stdout" "$$"
}
