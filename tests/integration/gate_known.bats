#!/usr/bin/env bats
# What is known already: suppressions and baselines.

load ../support/leaktrace
load ../support/gate

write() {
    cat > "$BATS_TEST_TMPDIR/$1"
}

suppressed_with() {
    write s.supp
    gate --suppressions "$BATS_TEST_TMPDIR/s.supp" -- "$(specimen)" "$@"
}

@test "suppressions of LeakSanitizer's hold, for each kind" {
    suppressed_with heap fd <<< $'leak:^lose_blocks$\nfd:gate.c'
    expect 0 "leaktrace gate: no leaks in 1 process, 2 suppressed"
    suppressed_with heap fd <<< 'leak:lose_blocks'
    expect 23 "leaktrace gate: 1 leak in 1 process, 1 suppressed"
}

@test "suppressions of valgrind's hold" {
    suppressed_with heap << 'EOF'
{
   <insert_a_suppression_name_here>
   Memcheck:Leak
   match-leak-kinds: definite
   fun:malloc
   fun:lose_blocks
   ...
   fun:main
}
{
   something else
   Memcheck:Cond
   fun:main
}
EOF
    expect 0
}

@test "a maximum that is exceeded, a day that is over and a line that is not used are told" {
    suppressed_with heap <<< 'leak:lose_blocks max=2'
    expect 23
    says "s.supp:1: 'leak:lose_blocks max=2' does not hold: there are 3"
    suppressed_with heap <<< 'leak:lose_blocks max=3'
    expect 0
    equal "$stderr" ""
    suppressed_with heap <<< 'leak:lose_blocks until=2020-12-31'
    expect 23
    says "s.supp:1: 'leak:lose_blocks until=2020-12-31' has expired"
    suppressed_with keep <<< $'# a comment\nleak:nobody'
    expect 0
    says "s.supp:2: 'leak:nobody' is not used"
}

@test "what is wrong in a file of suppressions is told with its line" {
    suppressed_with heap <<< $'leak:a\nnonsense'
    expect 2
    says "s.supp:2: "
}

@test "generated suppressions suppress" {
    gate --gen-suppressions="$BATS_TEST_TMPDIR/s.supp" -- "$(specimen)" heap fd
    expect 23
    gate --suppressions "$BATS_TEST_TMPDIR/s.supp" -- "$(specimen)" heap fd
    expect 0
    gate --gen-suppressions --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" heap
    equal "${lines[1]}" 'leak:^lose_blocks$'
}

@test "what shells leave open is suppressed, unless no defaults are wanted" {
    printf 'exec 5< /dev/null\n' > "$BATS_TEST_TMPDIR/script"
    gate -- bash "$BATS_TEST_TMPDIR/script"
    expect 0
    gate --no-default-suppressions -- bash "$BATS_TEST_TMPDIR/script"
    expect 23
}

@test "what is in the baseline does not fail, and what is new does" {
    local file="$BATS_TEST_TMPDIR/baseline.txt"
    gate --baseline "$file" -- "$(specimen)" heap
    expect 2
    says "$file: No such file or directory; --update-baseline makes it"
    gate --baseline "$file" --update-baseline -- "$(specimen)" heap
    expect 0
    equal "$(sed -n 2p "$file" | cut -d ' ' -f 2-)" "heap 3 lose_blocks < do_word < main [gate]"
    gate --baseline "$file" -- "$(specimen)" heap
    expect 0 "leaktrace gate: no leaks in 1 process, 1 more in the baseline"
    gate --baseline "$file" -- "$(specimen)" heap fd
    expect 23 "leaktrace gate: 1 leak in 1 process, 1 more in the baseline"
    [[ "$output" == *"lose_descriptor"*"[new]"* ]]
    gate --baseline "$file" --fail-on any -- "$(specimen)" heap
    expect 23
}

@test "more of what is in the baseline fails with --fail-on growth" {
    local file="$BATS_TEST_TMPDIR/baseline.txt"
    gate --baseline "$file" --update-baseline -- "$(specimen)" heap
    gate --baseline "$file" -- "$(specimen)" more
    expect 0
    gate --baseline "$file" --fail-on growth -- "$(specimen)" heap
    expect 0
    gate --baseline "$file" --fail-on growth -- "$(specimen)" more
    expect 23
    [[ "$output" == *"[more than in the baseline]"* ]]
}

@test "what is gone from the baseline is told, and goes with the next update" {
    local file="$BATS_TEST_TMPDIR/baseline.txt"
    gate --baseline "$file" --update-baseline -- "$(specimen)" heap fd
    equal "$(grep -vc '^#' "$file")" 2
    gate --baseline "$file" -- "$(specimen)" heap
    expect 0
    says "$file: 1 of 2 leaks are gone; --update-baseline removes them"
    gate --baseline "$file" --update-baseline -- "$(specimen)" heap
    equal "$(grep -vc '^#' "$file")" 1
}

@test "a baseline outlives other lines, another optimization and no debug information" {
    local dir="$BATS_TEST_TMPDIR" flags
    write a.c << 'EOF'
#include <stdlib.h>
#include <string.h>
static __attribute__((noinline)) char *make(int n) { char *p = malloc(n); memset(p, n, n); return p; }
static char *load(int n) { char *p = make(n); p[1] = 2; return p; }
int main(int argc, char **argv) { load(10 + argc)[0] = 1; load(20 + argc)[0] = 1; (void)argv; return 0; }
EOF
    sed 's/^static char/\n\n\n&/' "$dir/a.c" > "$dir/b.c"
    mkdir "$dir/one" "$dir/two" "$dir/three" "$dir/four"
    gcc -g -O0 -o "$dir/one/app" "$dir/a.c"
    gate --baseline "$dir/baseline" --update-baseline -- "$dir/one/app"
    expect 0
    gcc -g -O0 -o "$dir/two/app" "$dir/b.c"
    gcc -g -O2 -o "$dir/three/app" "$dir/b.c"
    gcc -O2 -o "$dir/four/app" "$dir/b.c"
    for flags in one two three four; do
        gate --baseline "$dir/baseline" -- "$dir/$flags/app"
        expect 0 || { echo "$flags" >&2 && cat "$dir/baseline" >&2 && return 1; }
    done
}

@test "a baseline stays as it is when the program was not looked at" {
    local file="$BATS_TEST_TMPDIR/baseline.txt"
    gate --baseline "$file" --update-baseline -- "$(specimen)" heap
    equal "$(grep -vc '^#' "$file")" 1
    gate --baseline "$file" --update-baseline -o exe=none -- "$(specimen)" heap
    expect 3
    says "$file stays as it is"
    equal "$(grep -vc '^#' "$file")" 1
}

@test "a baseline in the middle of a merge is refused" {
    printf '<<<<<<< HEAD\n' > "$BATS_TEST_TMPDIR/baseline"
    gate --baseline "$BATS_TEST_TMPDIR/baseline" -- "$(specimen)" heap
    expect 2
    says "baseline:1: a merge that is not done: keep the lines of both sides"
}
