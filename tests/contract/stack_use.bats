#!/usr/bin/env bats
# How much of the program's stack a hook takes: added up along its calls, as the compiler reports them.
#
# Two slow ways are left out, each bounded by its own test: libunwind's walk of frames that no rule can hold, and what is done once
# behind the first allocation.

load ../support/leaktrace

# Compiles a file as the build does, but for optimisation and sanitizers, with a graph of its calls beside it.
compile() {
    local command
    command=$(sed -nE 's|^ *"command": "(.*) -o [^ ]* -c ([^ ]*)",?$|\1 -c \2|p' "$LEAKTRACE_BUILD/compile_commands.json" |
        grep -E -- "-c $LEAKTRACE_SOURCE/lib/$1\$" | head -n 1 | sed -E 's/\\"/"/g; s/-fsanitize=[^ ]*//g')
    [ -n "$command" ] || { echo "no command for $1" >&2 && return 1; }
    (cd "$BATS_TEST_TMPDIR" && eval "$command -O2 -fcallgraph-info=su -o ${1//\//_}.o")
}

# A function's own bytes have its return address in them. Prints "BYTES NAME>NAME>..." of the deepest way from function $1.
deepest() {
    cat "$BATS_TEST_TMPDIR"/*.ci | awk -v start="$1" '
        function name_of(title) { sub(/.*:/, "", title); return title }
        function depth(f,    i, best, at, total) {
            if (f in done) return done[f]
            if (f in busy) return 0
            busy[f] = 1; best = 0; at = ""
            for (i = 1; i <= calls[f]; i++) {
                total = depth(callee[f, i])
                if (total > best) { best = total; at = callee[f, i] }
            }
            next_of[f] = at
            delete busy[f]
            return done[f] = own[f] + best
        }
        /^node:/ { split($0, part, "\""); f = name_of(part[2])
                   if (match($0, /[0-9]+ bytes/)) own[f] = substr($0, RSTART, RLENGTH) + 0; next }
        /^edge:/ { split($0, part, "\""); f = name_of(part[2]); g = name_of(part[4])
                   if (g == "__indirect_call" || g ~ /^stack_libunwind/ || g == "stack_by_libunwind" || g == "check_stack") next
                   callee[f, ++calls[f]] = g }
        END { total = depth(start); way = start
              for (f = start; next_of[f] != ""; f = next_of[f]) way = way ">" next_of[f]
              print total, way }'
}

# Variable frames would make the sum a lie.
assert_static() {
    equal "$(cat "$BATS_TEST_TMPDIR"/*.ci | grep -E '[0-9]+ bytes \(dynamic\)' | head -n 3)" ""
}

@test "every hook takes at most 1 KiB of the program's stack" {
    local file name bytes way worst=0 worst_way
    for file in "$LEAKTRACE_SOURCE"/lib/{hook,record,store,base}/*.c; do
        compile "${file#"$LEAKTRACE_SOURCE/lib/"}"
    done
    assert_static
    for name in malloc realloc free _Znwm _ZdlPv socket connect close dup2 open fopen pthread_create pthread_join; do
        read -r bytes way < <(deepest "$name")
        [ "$bytes" -gt 100 ] || { echo "$name: only $bytes bytes: $way" >&2 && return 1; }
        [ "$bytes" -le "$worst" ] && continue
        worst=$bytes
        worst_way=$way
    done
    [ "$worst" -le 1024 ] || { echo "$worst bytes: $worst_way" >&2 && return 1; }
}
