#!/usr/bin/env bats
# What the hot half calls, seen in its object files. It runs inside malloc, inside signal handlers and inside the loader: whatever
# it calls must neither allocate, nor lock, nor change errno, nor be a name that is hooked. So libc's functions that it may call are
# named here one by one, with the reason, and all others are refused.

load ../support/leaktrace

allowed() {
    echo 'mem(cpy|move|set|cmp|chr)|str(len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn|cpy|ncpy)' # plain code
    echo '_GLOBAL_OFFSET_TABLE_|__stack_chk_fail'                                           # the compiler's
    echo '_dl_find_object'                                # the loader's lock-free search for a module
    echo 'pthread_self|__libc_stack_end|getauxval'        # words that are read
    echo 'sigabbrev_np|__libc_current_sigrt(min|max)'     # tables; called for the options, at the start
    echo '__errno_location'                               # to keep errno as it is
    echo 'getcontext|makecontext'                         # registers in memory; called once, at the start
}

# hook/real.c finds the real functions, once.
allowed_in_real() {
    echo 'dlsym|dlopen|dlerror'
}

# pthread_cleanup_push, and what a pthread_attr_t says; neither allocates.
allowed_in_hook_thread() {
    echo '__sigsetjmp|__pthread_(un)?register_cancel|__pthread_unwind_next'
    echo 'pthread_attr_(init|destroy|getstacksize|getdetachstate)'
}

# The number of the descriptor that a stream owns.
allowed_in_hook_stdio() {
    echo 'fileno_unlocked|fileno|dirfd'
}

objects() {
    find "$LEAKTRACE_BUILD/lib/CMakeFiles" -path "*/$1/*.o"
}

undefined_in() {
    nm -u "$@" | awk 'NF == 2 && $1 ~ /^[Uwv]$/ { print $2 }' | sort -u
}

# All names that the objects of lib/ define.
own_names() {
    local object
    find "$LEAKTRACE_BUILD/lib/CMakeFiles" -name '*.o' | while read -r object; do
        nm --defined-only "$object" | awk '{ print $3 }'
    done | sort -u
}

# Names of libc's that the object calls and that no line of allowed... has.
foreign_calls() {
    local object=$1 pattern
    shift
    pattern=$(for list in allowed "$@"; do "$list"; done | paste -sd '|')
    comm -23 <(undefined_in "$object") "$BATS_TEST_TMPDIR/own" | grep -vxE "$pattern" | grep -vE '^(unw_|_U)' || true
}

hooked() {
    sed -nE 's/^SYMBOL\([^,]*, ([A-Za-z0-9_]+), .*$/\1/p' "$LEAKTRACE_SOURCE/lib/hook/symbols.def"
}

@test "base, store and record call nothing of libc but what is known to be harmless" {
    local object found
    own_names | grep -vxFf <(hooked) >"$BATS_TEST_TMPDIR/own"
    for object in $(objects base) $(objects store) $(objects record); do
        found=$(foreign_calls "$object")
        equal "$found" "" "${object##*/}"
    done
    [ "$(objects record | wc -l)" -ge 8 ]
    [ "$(objects store | wc -l)" -ge 6 ]
    [ "$(objects base | wc -l)" -ge 10 ]
}

@test "hooks call nothing of libc but what their work is made of" {
    local object found list
    local -a lists
    own_names | grep -vxFf <(hooked) >"$BATS_TEST_TMPDIR/own"
    for object in $(objects hook); do
        list=allowed_in_${object##*/}
        list=${list%%.*}
        lists=()
        if declare -F "$list" >/dev/null; then lists=("$list"); fi
        found=$(foreign_calls "$object" "${lists[@]}")
        equal "$found" "" "${object##*/}"
    done
    [ "$(objects hook | wc -l)" -ge 8 ]
}

@test "no object calls a name that is hooked: its own calls would be recorded" {
    local object
    for object in $(objects base) $(objects store) $(objects record) $(objects hook) $(objects snapshot) $(objects encode) $(objects dump); do
        equal "$(undefined_in "$object" | grep -xFf <(hooked) || true)" "" "${object##*/}"
    done
}

@test "the cold half does its own input and output by direct system calls" {
    local object
    for object in $(objects snapshot) $(objects encode) $(objects dump); do
        equal "$(undefined_in "$object" | grep -xE '(p?read|p?write|open|close|v?s?n?printf|f?stat|mmap|munmap|readlink|rename|unlink|mkdir|opendir)(64)?' || true)" \
            "" "${object##*/}"
    done
}
