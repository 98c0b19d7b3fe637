#!/usr/bin/env bats
# Others in the same process: preloaded objects, allocators, sanitizers, filters of system calls, and programs that leave the usual
# ways of a stack. Each does what it does without leaktrace, and the figures are those that the program has by its text.

load ../support/leaktrace

SECONDS_AT_MOST=60

# Runs a program as it is, and traced with $FRONT and $BEHIND preloaded in front of leaktrace and behind it; its output, its errors
# and its status must be the same. $ALONE are the objects that it is preloaded with in both runs.
as_alone() {
    local front="${FRONT:+$FRONT:}" behind="${BEHIND:+:$BEHIND}" alone="$BATS_TEST_TMPDIR/alone" with="$BATS_TEST_TMPDIR/with"
    local status_alone=0 status_with=0
    read_command "$@"
    timeout -s KILL "$SECONDS_AT_MOST" env ${FRONT:+LD_PRELOAD="$FRONT"} ${BEHIND:+LD_PRELOAD="$BEHIND"} "${COMMAND[@]}" \
        > "$alone.out" 2> "$alone.err" < /dev/null || status_alone=$?
    timeout -s KILL "$SECONDS_AT_MOST" env LD_PRELOAD="$front$LEAKTRACE_LIBRARY$behind" LEAKTRACE_OPTIONS="$OPTIONS" "${COMMAND[@]}" \
        > "$with.out" 2> "$with.err" < /dev/null || status_with=$?
    equal "$status_with" "$status_alone" "exit status; $(tail -n 3 "$with.err")"
    diff "$alone.out" "$with.out"
    diff "$alone.err" "$with.err"
}

company() {
    as_alone check=1 depth=512 -- "$LEAKTRACE_SPECIMENS/company" "$1"
}

# No heap was traced, one line said so and why, and the rest was.
heap_left() {
    equal "$(grep -c 'heap blocks are not traced' "$BATS_TEST_TMPDIR/log")" 1
    grep -q "$1.*heap blocks are not traced" "$BATS_TEST_TMPDIR/log"
    equal "$(find "$DUMPS" -name "${2:-}*heap*")" ""
}

three_kept() {
    equal "$(figures heap keeps_three)" "3 150 3 150"
    equal "$(figures fd keeps_three)" "3 3"
    equal "$(comment heap dropped_events) $(comment heap truncated_stacks) $(comment heap mismatched_stacks)" "0 0 0"
}

@test "libfaketime and libeatmydata, in front of leaktrace and behind it, change neither figures nor times" {
    local other dumped
    # What libfaketime's constructor frees may be older than leaktrace's first moment.
    for other in /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 /usr/lib/x86_64-linux-gnu/libeatmydata.so; do
        [ -e "$other" ]
        export FAKETIME='2001-02-03 04:05:06' TZ=UTC
        FRONT=$other as_alone check=1 -- "$LEAKTRACE_SPECIMENS/company" alone
        three_kept
        BEHIND=$other as_alone check=1 -- "$LEAKTRACE_SPECIMENS/company" alone
        three_kept
        FRONT=$other as_alone -- date
        BEHIND=$other as_alone -- date
        unset FAKETIME TZ
    done
    # The time of a dump is the kernel's.
    dumped=$(gzip -dc "$(find "$DUMPS" -name 'date.*.heap.pb.gz' | head -n 1)" | protoc --decode_raw | awk '$1 == "9:" { print $2 }')
    [ "$dumped" -gt 1600000000000000000 ]
}

@test "an allocator that is preloaded in front of leaktrace keeps the heap, one line says so, and all else is exact" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4 libmimalloc.so.2; do
        FRONT=$allocator as_alone -- "$LEAKTRACE_SPECIMENS/company" alone
        heap_left "$allocator"
        equal "$(figures fd keeps_three)" "3 3" "$allocator"
        rm -rf "${DUMPS:?}"/* "$BATS_TEST_TMPDIR/log"
    done
}

@test "an allocator that is preloaded behind leaktrace, all of them at once too, changes no figure" {
    local allocator
    for allocator in libjemalloc.so.2 libtcmalloc.so.4 libmimalloc.so.2 libjemalloc.so.2:libeatmydata.so:libtcmalloc.so.4; do
        BEHIND=$allocator as_alone check=1 -- "$LEAKTRACE_SPECIMENS/company" alone
        three_kept
        nothing_was_lost heap fd thread
        equal "$(grep -c 'not traced' "$BATS_TEST_TMPDIR/log" || true)" 0
    done
}

@test "a program that has a malloc of its own keeps it, one line says so, and all else is exact" {
    as_alone -- "$LEAKTRACE_SPECIMENS/own_malloc"
    heap_left "the program itself"
    equal "$(figures fd keeps_three)" "3 3"
    equal "$(total thread created_threads starts_four)" 4
    equal "$(total thread inuse_threads)" 0
}

@test "plugins with an allocator of their own use it or the program's, as without leaktrace" {
    export PLUGIN="$LEAKTRACE_SPECIMENS/allocator.so"
    local mode
    for mode in plugin_local plugin_global plugin_deep; do
        company "$mode"
        equal "$(figures heap keeps_three)" "6 300 6 300" "$mode"
        equal "$(figures fd keeps_three)" "6 6" "$mode"
        nothing_was_lost fd thread
    done
}

@test "a second libc in a namespace of its own is not leaktrace's, and not in its way" {
    PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so" company namespace
    equal "$(figures heap keeps_three)" "6 300 6 300"
    nothing_was_lost heap fd thread
}

@test "a program whose symbols are all bound at its start is traced as any other" {
    LD_BIND_NOW=1 company alone
    three_kept
    nothing_was_lost heap fd thread
}

@test "what a plugin has made is named after it, by its build id, when it has gone" {
    export PLUGIN="$LEAKTRACE_SPECIMENS/plugin.so"
    local id
    company unloaded
    equal "$(figures heap plugin_allocate)" "4 280 4 280"
    nothing_was_lost heap
    id=$(readelf -n "$PLUGIN" | awk '/Build ID/ { print $3 }')
    [ -n "$id" ]
    gzip -dc "$(find "$DUMPS" -name '*.heap.pb.gz')" | grep -qa "$id"
}

@test "a plugin in the place of another one that has gone has its own names, and each keeps what it has made" {
    LD_USE_LOAD_BIAS=1 PLUGIN="$LEAKTRACE_SPECIMENS/first.so" SUCCESSOR="$LEAKTRACE_SPECIMENS/second.so" company successors
    figures_are heap << 'END'
first_allocates - - 4 280
second_allocates - - 6 420
END
    nothing_was_lost heap
    equal "$(comment heap mismatched_stacks)" 0
}

@test "coroutines have stacks of their own, which end where they begin" {
    company coroutines
    figures_are heap << 'END'
coroutine_allocates 200 10000 200 10000
keeps_three 3 150 3 150
END
    equal "$(figures fd coroutine)" "100 100"
    nothing_was_lost heap fd
    equal "$(comment heap mismatched_stacks)" 0
}

@test "coroutines of GNU Pth are as those of libc" {
    cat > "$BATS_TEST_TMPDIR/strands.c" << 'END'
#include <pth.h>
#include <stdio.h>
#include <stdlib.h>
__attribute__((noipa)) void *strand_allocates(void) { return malloc(40); }
static void *strand(void *sum)
{
    for (int i = 0; i < 10; i++) {
        *(int *)sum += strand_allocates() != NULL;
        pth_yield(NULL);
    }
    return sum;
}
int main(void)
{
    pth_t strands[20];
    int sum = 0;
    pth_init();
    for (int i = 0; i < 20; i++) strands[i] = pth_spawn(PTH_ATTR_DEFAULT, strand, &sum);
    for (int i = 0; i < 20; i++) pth_join(strands[i], NULL);
    printf("sum %d\n", sum);
    pth_kill();
    return 3;
}
END
    cc -g -O1 -o "$BATS_TEST_TMPDIR/strands" "$BATS_TEST_TMPDIR/strands.c" -lpth
    as_alone check=1 depth=512 -- "$BATS_TEST_TMPDIR/strands"
    equal "$(cat "$BATS_TEST_TMPDIR/with.out")" "sum 200"
    equal "$(figures heap strand_allocates)" "200 8000 200 8000"
    nothing_was_lost heap fd thread
}

@test "coroutines of perl, which switch stacks by themselves, do what they do" {
    cat > "$BATS_TEST_TMPDIR/coro.pl" << 'END'
use Coro;
my @out;
my @coros = map { my $n = $_; async { for my $i (1 .. 20) { push @out, "$n.$i"; my @big = (1) x 500; cede } } } 1 .. 30;
$_->join for @coros;
print scalar(@out), " $out[0] $out[-1]\n";
END
    as_alone depth=512 -- perl "$BATS_TEST_TMPDIR/coro.pl"
    equal "$(cat "$BATS_TEST_TMPDIR/with.out")" "600 1.1 30.20"
    # Where it begins a stack nothing says that it begins there: it is marked.
    [ "$(comment heap truncated_stacks)" -gt 0 ]
    equal "$(comment heap dropped_events) $(comment heap unknown_release)" "0 0"
}

@test "code that is made at run time calls back, allocates and collects as ever" {
    cat > "$BATS_TEST_TMPDIR/jit.lua" << 'END'
local ffi = require "ffi"
ffi.cdef "void *malloc(size_t); void free(void *); int open(const char *, int, ...); int close(int);"
local sum = 0
for i = 1, 20000 do
    local block = ffi.C.malloc(i % 100 + 1)
    if i % 10 ~= 0 then ffi.C.free(block) end
    sum = sum + i
    if i % 1000 == 0 then assert(ffi.C.open("/dev/null", 0) >= 0) end
end
print(sum, jit.status())
END
    as_alone check=11 -- luajit "$BATS_TEST_TMPDIR/jit.lua"
    grep -q true "$BATS_TEST_TMPDIR/with.out"
    equal "$(awk '/type=device/ { sum += $2 } END { print sum }' "$(newest fd)")" 20
    equal "$(comment heap dropped_events) $(comment heap mismatched_stacks) $(comment heap unknown_release)" "0 0 0"
}

@test "handlers on a stack of their own, also those that jump out of it, have stacks to main" {
    company handlers
    figures_are heap << 'END'
handler_allocates 10 240 10 240
faults 65 2040 10 280
leaves 10 280 10 280
keeps_three 3 150 3 150
END
    nothing_was_lost heap fd thread
    equal "$(comment heap mismatched_stacks)" 0
}

@test "jumps over frames leave nothing behind in later stacks" {
    company jumps
    equal "$(figures heap jumps)" "60 2160 60 2160"
    nothing_was_lost heap
    equal "$(comment heap mismatched_stacks)" 0
}

@test "threads with the smallest stacks there are do not notice" {
    as_alone -- "$LEAKTRACE_SPECIMENS/company" small_stacks
    equal "$(figures heap small_allocates)" "120 13760 40 1760"
    equal "$(figures fd uses_little)" "160 0"
    nothing_was_lost heap fd thread
}

@test "what destructors of threads do is counted, and done" {
    company thread_ends
    equal "$(figures heap last_words)" "30 1560 30 1560"
    equal "$(figures fd last_words)" "30 0"
    equal "$(total thread inuse_threads)" 0
    nothing_was_lost heap fd thread
}

@test "what is done at the end of the process is done" {
    company at_exit
    equal "$(grep -c 'at the end' "$BATS_TEST_TMPDIR/with.out")" 5
    equal "$(figures heap end_allocates)" "5 280 5 280"
    nothing_was_lost heap fd thread
}

@test "no signal to the process goes to leaktrace's thread" {
    company pending
}

# A program with a sanitizer, or with none.
built_with() {
    cc -g -O1 -fno-omit-frame-pointer "$@" -o "$BATS_TEST_TMPDIR/target" "$LEAKTRACE_SOURCE/tests/support/target.c" -pthread
}

# The first line of what a sanitizer has found; addresses and pids differ from run to run.
summary() {
    grep -E "^SUMMARY" "$1" | sed -E 's/0x[0-9a-f]+//g'
}

sanitized() {
    local expected=0 status=0
    read_command -- "$BATS_TEST_TMPDIR/target" "$1"
    timeout -s KILL "$SECONDS_AT_MOST" "${COMMAND[@]}" > "$BATS_TEST_TMPDIR/alone.out" 2> "$BATS_TEST_TMPDIR/alone.err" || expected=$?
    traced -- timeout -s KILL "$SECONDS_AT_MOST" "${COMMAND[@]}" > "$BATS_TEST_TMPDIR/with.out" 2> "$BATS_TEST_TMPDIR/with.err" || status=$?
    equal "$status" "$expected" "exit status of $1; $(tail -n 3 "$BATS_TEST_TMPDIR/with.err")"
    diff "$BATS_TEST_TMPDIR/alone.out" "$BATS_TEST_TMPDIR/with.out"
    equal "$(summary "$BATS_TEST_TMPDIR/with.err")" "$(summary "$BATS_TEST_TMPDIR/alone.err")" "$1"
    grep -q 'heap blocks are not traced' "$BATS_TEST_TMPDIR/log"
}

sanitizer_finds_the_same() {
    local what
    for what in "$@"; do
        sanitized "$what"
    done
}

@test "AddressSanitizer, whose runtime wants to be the first, finds what it finds and nothing else" {
    built_with -fsanitize=address
    sanitizer_finds_the_same right leak overflow use_after_free double_free
    rm -rf "${DUMPS:?}"/* "$BATS_TEST_TMPDIR/log"
    sanitized right
    heap_left AddressSanitizer target
    equal "$(figures fd keeps_three "$(newest fd target)")" "3 3"
}

@test "AddressSanitizer that is linked into the program keeps the heap" {
    built_with -fsanitize=address -static-libasan
    sanitizer_finds_the_same right leak overflow use_after_free double_free
}

@test "ThreadSanitizer finds what it finds, and no race of leaktrace's" {
    built_with -fsanitize=thread
    sanitizer_finds_the_same right race
    rm -rf "${DUMPS:?}"/* "$BATS_TEST_TMPDIR/log"
    sanitized right
    heap_left ThreadSanitizer target
    equal "$(figures fd keeps_three "$(newest fd target)")" "3 3"
}

@test "UndefinedBehaviorSanitizer does not have the heap" {
    built_with -fsanitize=undefined
    traced -- "$BATS_TEST_TMPDIR/target" right
    equal "$(figures heap keeps_three)" "3 150 3 150"
    nothing_was_lost heap fd thread
}

@test "valgrind counts no block of leaktrace's as lost, has no line of its own about it, and keeps the heap" {
    local lost
    built_with
    read_command --
    for lost in right leak; do
        valgrind --leak-check=full "$BATS_TEST_TMPDIR/target" "$lost" > "$BATS_TEST_TMPDIR/alone.out" 2> "$BATS_TEST_TMPDIR/alone.err"
        traced -- valgrind --leak-check=full "$BATS_TEST_TMPDIR/target" "$lost" > "$BATS_TEST_TMPDIR/with.out" 2> "$BATS_TEST_TMPDIR/with.err"
        diff "$BATS_TEST_TMPDIR/alone.out" "$BATS_TEST_TMPDIR/with.out"
        diff <(grep -E 'ERROR' "$BATS_TEST_TMPDIR/alone.err" | cut -d ' ' -f 2-) \
            <(grep -E 'ERROR' "$BATS_TEST_TMPDIR/with.err" | cut -d ' ' -f 2-)
        equal "$(grep -cE '^--|unhandled' "$BATS_TEST_TMPDIR/with.err" || true)" 0
    done
    grep -q 'valgrind has the heap' "$BATS_TEST_TMPDIR/log"
    # The program that the kernel knows of is valgrind, and so there are no names.
    equal "$(total fd inuse_fds "" "$(newest fd target)")" 3
}

@test "a program that forbids itself system calls does what it does; tracing ends before it, with a dump, and one line says so" {
    local filter end
    for filter in strict kill trap eperm enosys all_kill all_trap all_eperm all_enosys; do
        for end in exit _exit fork; do
            as_alone -- "$LEAKTRACE_SPECIMENS/confined" "$filter" "$end"
            equal "$(grep -c 'nothing is traced from now on' "$BATS_TEST_TMPDIR/log")" 1 "$filter $end"
            equal "$(find "$DUMPS" -name 'confined.*.heap.txt' | wc -l)" 1 "$filter $end"
            equal "$(figures heap keeps_three)" "3 150 3 150"
            equal "$(comment heap reason)" seccomp
            rm -rf "${DUMPS:?}"/* "$BATS_TEST_TMPDIR/log"
        done
    done
}

@test "a filter that leaves leaktrace what it needs changes nothing but the state of sockets" {
    as_alone check=1 -- "$LEAKTRACE_SPECIMENS/confined" rare "$LEAKTRACE_SPECIMENS/company" alone
    equal "$(find "$DUMPS" -name 'company.*.heap.txt' | wc -l)" 1
    three_kept
    nothing_was_lost heap fd thread
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# A program that is linked with the library, for the loader preloads nothing by its path into one that has more rights than its user.
privileged_program() {
    PRIVILEGED=$(mktemp -d "${TMPDIR:-/tmp}/leaktrace-suid.XXXXXX")
    chmod 755 "$PRIVILEGED"
    cp "$LEAKTRACE_LIBRARY" "$PRIVILEGED/libleaktrace.so"
    cc -g -O1 -o "$PRIVILEGED/target" "$LEAKTRACE_SOURCE/tests/support/target.c" -Wl,--no-as-needed \
        "$PRIVILEGED/libleaktrace.so" "-Wl,-rpath,$PRIVILEGED" -pthread
    mkdir -m 777 "$PRIVILEGED/dumps"
}

@test "a program with more rights than its user writes nothing and says nothing, preloaded or linked" {
    local user=65534 plain written
    privileged_program
    # Without the rights it is traced, so that the silence below has its reason in them.
    as_root setpriv --reuid="$user" --regid="$user" --clear-groups env LEAKTRACE_OPTIONS="dir=$PRIVILEGED/dumps" \
        "$PRIVILEGED/target" right > "$BATS_TEST_TMPDIR/plain" 2>&1
    plain=$(find "$PRIVILEGED/dumps" -type f | wc -l)
    as_root rm -rf "$PRIVILEGED/dumps"
    as_root chown root "$PRIVILEGED/target"
    as_root chmod 4755 "$PRIVILEGED/target"
    mkdir -m 777 "$PRIVILEGED/dumps"
    as_root setpriv --reuid="$user" --regid="$user" --clear-groups env LEAKTRACE_OPTIONS="dir=$PRIVILEGED/dumps" \
        LD_PRELOAD="$PRIVILEGED/libleaktrace.so" "$PRIVILEGED/target" right > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
    written=$(find "$PRIVILEGED/dumps" -type f)
    as_root rm -rf "$PRIVILEGED"
    equal "$plain" 6
    equal "$(cat "$BATS_TEST_TMPDIR/out")" over
    equal "$(cat "$BATS_TEST_TMPDIR/err")" ""
    equal "$written" ""
}
