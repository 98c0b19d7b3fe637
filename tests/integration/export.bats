#!/usr/bin/env bats
# Dumps in the formats of other tools: what goes in comes out, to the last figure.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"

# A dump of heap, descriptors and threads in $DUMPS.
make_dump() {
    traced -- "$LEAKTRACE_SPECIMENS/plain" 50 > "$BATS_TEST_TMPDIR/out" 2>&1 || equal $? 29
}

export_to() {
    "$LEAKTRACE_COMMAND" export --to "$@" > "$BATS_TEST_TMPDIR/exported" 2> "$BATS_TEST_TMPDIR/stderr"
}

fails_with() {
    local code=0
    export_to "${@:2}" || code=$?
    equal "$code" "$1" "$(cat "$BATS_TEST_TMPDIR/stderr")"
}

# The part of pprof's listing that does not depend on symbols: types, period, samples with their labels, and where they are.
samples_of() {
    go tool pprof -raw -symbolize=none "$1" 2> /dev/null | awk '/^Locations/ { exit } !/^File|^Build ID|^Mappings|^Doc/ { print }'
}

@test "pprof: samples, labels and mappings are as before, and lines have come" {
    local kind
    make_dump
    for kind in heap heap_growth fd thread; do
        export_to pprof --kind "$kind" "$DUMPS"
        equal "$(samples_of "$BATS_TEST_TMPDIR/exported")" "$(samples_of "$DUMPS"/*".$kind.pb.gz")" "$kind"
    done
    export_to pprof --kind heap "$DUMPS"
    go tool pprof -symbolize=none -lines -top -sample_index=inuse_objects "$BATS_TEST_TMPDIR/exported" > "$BATS_TEST_TMPDIR/top"
    equal "$(awk '/ keeps_blocks / { print $4, $NF }' "$BATS_TEST_TMPDIR/top" | sed 's|[^ ]*/||')" "50 plain.c:$(
        awk '/keeps_blocks\(/ { on = 1 } on && /malloc/ { print NR; exit }' "$LEAKTRACE_SOURCE/tests/specimens/plain.c")"
}

@test "pprof: a profile of Go goes through unchanged, with its lines, its period and labels that are numbers" {
    mkdir "$BATS_TEST_TMPDIR/go"
    cd "$BATS_TEST_TMPDIR/go"
    cat > main.go << 'END'
package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

func main() {
	runtime.MemProfileRate = 512
	for i := 0; i < 1000; i++ {
		kept = append(kept, make([]byte, 1000))
	}
	runtime.GC()
	file, _ := os.Create(os.Args[1])
	pprof.WriteHeapProfile(file)
	file.Close()
}
END
    HOME="$PWD" GOFLAGS=-mod=mod GO111MODULE=off go build -o go_heap main.go
    ./go_heap "$BATS_TEST_TMPDIR/go.pb.gz"
    export_to pprof "$BATS_TEST_TMPDIR/go.pb.gz"
    go tool pprof -raw -symbolize=none "$BATS_TEST_TMPDIR/go.pb.gz" > "$BATS_TEST_TMPDIR/before"
    go tool pprof -raw -symbolize=none "$BATS_TEST_TMPDIR/exported" > "$BATS_TEST_TMPDIR/after"
    grep -q 'bytes:\[1024\]' "$BATS_TEST_TMPDIR/before"
    # But for the flags of mappings, which Go does not set, and where functions begin.
    diff <(sed 's/ \[FN\].*//; s/ s=[0-9]*$//' "$BATS_TEST_TMPDIR/before") \
        <(sed 's/ \[FN\].*//; s/ s=[0-9]*$//' "$BATS_TEST_TMPDIR/after")
}

@test "collapsed: each stack is one line, outermost first, and the values add up" {
    make_dump
    export_to collapsed --kind heap "$DUMPS"
    equal "$(awk '{ sum += $NF } END { print sum }' "$BATS_TEST_TMPDIR/exported")" "$(total heap inuse_space)"
    grep -Eq '^_start;.*;main;keeps_blocks 50000$' "$BATS_TEST_TMPDIR/exported"
    equal "$(grep -vcE '^[^;]+(;[^;]+)* [0-9]+$' "$BATS_TEST_TMPDIR/exported")" 0
}

@test "speedscope: all kinds in one file, and the weights add up" {
    make_dump
    export_to speedscope "$DUMPS"
    /usr/bin/python3 - "$BATS_TEST_TMPDIR/exported" "$(total heap inuse_space)" "$(total fd inuse_fds)" << 'END'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
frames = document["shared"]["frames"]
profiles = {profile["name"]: profile for profile in document["profiles"]}
assert {"heap: inuse_space", "heap: inuse_objects", "heap_growth: inuse_space", "fd: inuse_fds", "thread: inuse_threads"} <= set(profiles)
for profile in profiles.values():
    assert profile["type"] == "sampled" and len(profile["samples"]) == len(profile["weights"]), profile
    assert profile["startValue"] == 0 and profile["endValue"] == sum(profile["weights"]), profile
    assert all(0 <= frame < len(frames) for sample in profile["samples"] for frame in sample), profile
heap = profiles["heap: inuse_space"]
assert heap["unit"] == "bytes" and sum(heap["weights"]) == int(sys.argv[2])
assert profiles["fd: inuse_fds"]["unit"] == "none" and sum(profiles["fd: inuse_fds"]["weights"]) == int(sys.argv[3])
blocks = [sample for sample, weight in zip(heap["samples"], heap["weights"]) if weight == 50000]
names = [frames[frame]["name"] for frame in blocks[0]]
assert names[0] == "_start" and names[-2:] == ["main", "keeps_blocks"], names
assert frames[blocks[0][-1]]["file"].endswith("/plain.c") and frames[blocks[0][-1]]["line"] > 0
END
}

@test "json and text hold every sample" {
    make_dump
    export_to json "$DUMPS"
    /usr/bin/python3 - "$BATS_TEST_TMPDIR/exported" "$(total heap alloc_space)" << 'END'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["schema"] == 1
heap = next(profile for profile in document["profiles"] if profile["kind"] == "heap")
assert [row["type"] for row in heap["types"]] == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]
assert sum(sample["values"][1] for sample in heap["samples"]) == int(sys.argv[2])
fd = next(profile for profile in document["profiles"] if profile["kind"] == "fd")
assert all(sample["labels"]["type"] == "device" for sample in fd["samples"] if sample["values"][1] > 0), fd
assert any(line.startswith("pid ") for line in heap["comments"])
END
    export_to text --kind heap "$DUMPS"
    equal "$(sed -n 2p "$BATS_TEST_TMPDIR/exported")" \
        "# heap: alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes"
    equal "$(awk '/^[0-9]/ { sum += $4 } END { print sum }' "$BATS_TEST_TMPDIR/exported")" "$(total heap inuse_space)"
}

@test "what cannot be exported is refused with a reason" {
    make_dump
    fails_with 3 pprof "$DUMPS"
    grep -q 'choose with --kind: fd, fd_growth, heap, heap_growth, thread, thread_growth$' "$BATS_TEST_TMPDIR/stderr"
    fails_with 3 text --kind frog "$DUMPS"
    grep -q "no profile of kind 'frog'" "$BATS_TEST_TMPDIR/stderr"
    fails_with 2 svg "$DUMPS"
    grep -q "no format 'svg'" "$BATS_TEST_TMPDIR/stderr"
    fails_with 3 json -o /nowhere/at/all "$DUMPS"
    grep -q '/nowhere/at/all: No such file' "$BATS_TEST_TMPDIR/stderr"
    fails_with 3 pprof --kind heap -o /dev/full "$DUMPS"
}
