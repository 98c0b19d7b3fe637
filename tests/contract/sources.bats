#!/usr/bin/env bats
# Rules for the files of lib/ that readers rely on.

load ../support/leaktrace

# The longest hook, in lines of code between its braces.
HOOK_LINES_MAX=10

sources() {
    find "$LEAKTRACE_SOURCE/lib" -name '*.[chS]' -o -path "$LEAKTRACE_SOURCE/lib/*.def"
}

@test "no file of lib has more than 400 lines" {
    local file
    [ "$(sources | wc -l)" -gt 80 ]
    for file in $(sources); do
        [ "$(wc -l <"$file")" -le 400 ] || { echo "$file has $(wc -l <"$file") lines" >&2 && return 1; }
    done
}

@test "each file begins with what it is" {
    local file
    for file in $(sources); do
        [ "$(head -c 2 "$file")" = "/*" ] || { echo "$file" >&2 && return 1; }
    done
}

@test "each header keeps itself from being read twice, under its own name" {
    local file guard
    for file in $(sources | grep '\.h$'); do
        guard=LEAKTRACE_$(sed "s|$LEAKTRACE_SOURCE/lib/||; s|[/.]|_|g" <<<"$file" | tr '[:lower:]' '[:upper:]')
        grep -qx "#ifndef $guard" "$file" && grep -qx "#define $guard" "$file" || { echo "$file: no $guard" >&2 && return 1; }
    done
}

@test "nothing is left to be done later" {
    equal "$(sources | xargs grep -nwE 'TODO|FIXME|XXX|HACK' || true)" ""
}

# Prints "LINES NAME" of each hook.
hook_lengths() {
    cat "$LEAKTRACE_SOURCE"/lib/hook/*.c | awk '
        /^HOOK / { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^{/ && name != "" { inside = 1; lines = 0; next }
        /^}/ && inside { print lines, name; inside = 0; name = "" }
        /^HOOK .*;$/ { name = "" }
        inside && NF > 0 && $1 !~ /^\/\*/ { lines++ }'
}

@test "a hook is a real call and a record of it: $HOOK_LINES_MAX lines at most" {
    [ "$(hook_lengths | wc -l)" -gt 80 ]
    equal "$(hook_lengths | sort -rn | head -n 1 | cut -d ' ' -f 1)" "$HOOK_LINES_MAX" "$(hook_lengths | sort -rn | head -n 1)"
}
