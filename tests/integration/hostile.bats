#!/usr/bin/env bats
# Dumps that nobody should trust: the command gives one line or a right answer, ends by itself, and takes less than 1 GB of memory.

load ../support/leaktrace

MEMORY_MAX_KB=1000000

setup() {
    DUMPS="$BATS_TEST_TMPDIR/dumps"
    mkdir "$DUMPS"
    cd "$BATS_TEST_TMPDIR"
}

# Runs leaktrace, and holds it to its memory; its exit status is in `code`, what it printed in out and err.
within_bounds() {
    code="$(python3 - "$MEMORY_MAX_KB" "$LEAKTRACE_COMMAND" "$@" << 'END'
import resource, subprocess, sys
with open("out", "wb") as out, open("err", "wb") as err:
    code = subprocess.run(sys.argv[2:], stdout=out, stderr=err, timeout=120).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(code if peak < int(sys.argv[1]) else f"{peak} kB")
END
)"
}

# refuses COMMAND...: exit status 3, nothing on standard output, and lines of leaktrace's alone on standard error.
refuses() {
    within_bounds "$@"
    equal "$code" 3 "exit status or memory of: $*"
    equal "$(cat out)" ""
    [ -s err ]
    equal "$(grep -vc '^leaktrace: ' err || true)" 0 "$(cat err)"
}

bomb() {
    python3 -B - "$LEAKTRACE_SOURCE" "$1" << 'END'
import gzip, sys
sys.path.insert(0, sys.argv[1] + "/tests/support")
from made_profiles import encode, number, packed, text
x = encode([("x", "count")], [])
bodies = {
    "samples": lambda: x + text(2, packed(2, [1])) * (25 << 20),
    "strings": lambda: x + text(6, b"") * (60 << 20),
    "depth": lambda: x + text(4, number(1, 1)) + text(2, text(1, b"\x01" * (100 << 20)) + packed(2, [1])),
}
with gzip.GzipFile("dumps/bomb.1.0001.heap.pb.gz", "wb", compresslevel=1, mtime=0) as file:
    file.write(bodies[sys.argv[2]]())
END
}

@test "a profile that inflates to more than is read is refused" {
    head -c 200M /dev/zero | gzip -1 > dumps/bomb.1.0001.heap.pb.gz
    refuses report dumps
    grep -q 'larger than' err
    truncate -s 4G dumps/large.1.0001.heap.pb.gz
    refuses report dumps/large.1.0001.heap.pb.gz
    grep -q 'larger than' err
}

@test "a profile whose rows need more than is given is refused" {
    local what
    for what in strings depth samples; do
        bomb "$what"
        refuses report dumps
    done
    refuses trend dumps
    refuses diff dumps/bomb.1.0001.heap.pb.gz dumps/bomb.1.0001.heap.pb.gz
}

@test "what other tools write is read" {
    local corpus="$LEAKTRACE_SOURCE/tests/fuzz/corpus"
    within_bounds report "$corpus/go_heap.gz"
    equal "$code" 0
    grep -q 'main.leak (main.go:4)' out
    within_bounds report "$corpus/go_goroutine.gz"
    equal "$code" 0
    grep -q '^goroutine: 1 goroutine ' out
    within_bounds report "$corpus/gperftools.gz"
    equal "$code" 0
    grep -q '2.0 KiB in 2 blocks' out
    within_bounds report "$corpus/heaptrack.gz"
    equal "$code" 0
    grep -q 'cache (leak.c)' out
}

@test "cut profiles are refused in one line, each" {
    python3 -B "$LEAKTRACE_SOURCE/tests/golden/make_dumps.py" dumps
    head -c 300 dumps/exporter.100.0001.heap.pb.gz > cut.pb.gz
    refuses report cut.pb.gz
    equal "$(wc -l < err)" 1
    zcat dumps/exporter.100.0001.heap.pb.gz | head -c 300 > cut.pb
    refuses report cut.pb
    equal "$(wc -l < err)" 1
    cp cut.pb.gz dumps/exporter.100.0007.heap.pb.gz
    within_bounds trend dumps/exporter.*
    equal "$code" 3
    equal "$(wc -l < err)" 1
    grep -q 'append_entry' out
}
