# What the suites of bats share: run a program traced, and read exact figures from its dumps.
#
#   traced [OPTION...] -- PROGRAM [ARG...]   run PROGRAM with the library preloaded; dumps go to $DUMPS
#   total KIND VALUE [FUNCTION]              sum of a sample type over the stacks of the newest dump, or over those that FUNCTION
#                                            (a whole name) stands in
#   comment KIND KEY                         a figure from the comments of that profile

bats_require_minimum_version 1.5.0

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir -m 700 -p "$DUMPS"
}

# Lines of leaktrace's own go to a file, so that standard error is the program's.
traced() {
    local options="dir=$DUMPS:format=pprof,text:log=$BATS_TEST_TMPDIR/log"
    while [ "$1" != -- ]; do
        options="$options:$1"
        shift
    done
    shift
    env LD_PRELOAD="$LEAKTRACE_LIBRARY" LEAKTRACE_OPTIONS="$options" "$@"
}

# The newest text file of a kind, of the program (its name begins with) $2 if given.
newest() {
    # shellcheck disable=SC2012
    ls -t "$DUMPS/${2:-}"*."$1".txt | head -n 1
}

# Awk over the text format: values stand before " @", function names in lines that begin with "#<tab>".
total() {
    awk -v want="$2" -v function_name="${3:-}" '
        NR == 1 { for (i = 3; i <= NF; i += 2) { split($i, part, "/"); if (part[1] == want) column = (i - 1) / 2 }
                  if (!column) { print "no sample type " want > "/dev/stderr"; exit 3 } next }
        /^#\t/  { split($0, part, "\t"); if (part[3] == function_name) hit = 1; next }
        /^#/    { next }
        { if (hit || function_name == "") sum += value
          value = $column; hit = 0 }
        END { if (hit || function_name == "") sum += value
              printf "%d\n", sum }' "${4:-$(newest "$1")}"
}

comment() {
    awk -v key="$2" '$1 == "#" && $2 == key { print $3; exit }' "${3:-$(newest "$1")}"
}

# Fails with a message that shows both.
equal() {
    if [ "$1" != "$2" ]; then
        printf 'expected %s, got %s%s\n' "$2" "$1" "${3:+ ($3)}" >&2
        return 1
    fi
}
