#!/usr/bin/env bats
# The gate over a test suite: all processes, and the test's name beside each leak.

load ../support/leaktrace
load ../support/gate

tests_of_leaks() {
    field '[f["tests"] for f in r["findings"] if f["fails"]]'
}

@test "leaks of many processes are one, merged by site" {
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" many=200 fd
    expect 23
    equal "$(field 'r["processes"], len(r["findings"]), r["findings"][0]["count"], len(r["findings"][0]["processes"])')" \
        "(201, 1, 200, 200)"
}

@test "what a child has inherited is its parent's" {
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -- "$(specimen)" heap fd fork keep
    expect 23
    equal "$(field '[(f["kind"], f["count"], len(f["processes"])) for f in r["findings"]]')" "[('fd', 1, 1), ('heap', 3, 1)]" ||
        equal "$(field '[(f["kind"], f["count"], len(f["processes"])) for f in r["findings"]]')" "[('heap', 3, 1), ('fd', 1, 1)]"
}

@test "a program that executes another is judged by what it became" {
    gate -- sh -c "exec $(specimen) fd"
    expect 23 "leaktrace gate: 1 leak in 1 process"
    gate -- "$(specimen)" fork exit=0
    expect 0
}

@test "Bats' tests are named" {
    printf '@test "opens a file: a-b" { %s fd; }\n@test "opens_one more-often" { %s fd; }\n@test "is clean" { %s keep; }\n' "$(specimen)" "$(specimen)" "$(specimen)" \
        > "$BATS_TEST_TMPDIR/suite.bats"
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -o exe=gate -- env -u BATS_TEST_NAME bats "$BATS_TEST_TMPDIR/suite.bats"
    expect 23
    equal "$(tests_of_leaks)" "[['opens a file: a-b', 'opens_one more-often']]"
}

@test "pytest's tests are named" {
    cat > "$BATS_TEST_TMPDIR/test_it.py" << EOF
import subprocess, pytest
@pytest.mark.parametrize("word", ["fd", "keep"])
def test_run(word):
    subprocess.run(["$(specimen)", word], check=True)
EOF
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -o exe=gate -- \
        /usr/bin/python3 -m pytest -q -p no:cacheprovider --rootdir "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/test_it.py"
    expect 23
    equal "$(tests_of_leaks)" "[['test_it.py::test_run[fd]']]"
}

@test "CTest's tests are named by what ctest has started" {
    mkdir "$BATS_TEST_TMPDIR/project"
    cd "$BATS_TEST_TMPDIR/project"
    printf 'add_test(opens "%s" "fd")\nadd_test(clean "%s" "keep")\n' "$(specimen)" "$(specimen)" > CTestTestfile.cmake
    gate --format "json=$BATS_TEST_TMPDIR/result.json" -- env -u BATS_TEST_NAME ctest
    expect 23
    equal "$(tests_of_leaks)" "[['opens']]"
}

# A child that serves in the background; the shell goes on when its status is there.
with_child() {
    gate --no-heap --dir "$BATS_TEST_TMPDIR/kept" -- sh -c "$(specimen) serve=$BATS_TEST_TMPDIR/pid > /dev/null 2>&1 3>&- &
        until ls $BATS_TEST_TMPDIR/kept/gate.*.status > /dev/null 2>&1; do sleep 0.1; done; $1"
    STARTED+=("$(cat "$BATS_TEST_TMPDIR/pid")")
}

@test "a forked child that has done nothing yet when its parent ends is told" {
    cat > "$BATS_TEST_TMPDIR/leaves.c" << 'EOF'
#include <unistd.h>
int main(void) { if (fork() == 0) { close(0); close(1); close(2); close(3); sleep(20); } return 0; }
EOF
    gcc -o "$BATS_TEST_TMPDIR/leaves" "$BATS_TEST_TMPDIR/leaves.c"
    gate -- "$BATS_TEST_TMPDIR/leaves"
    expect 0
    says "1 process is still running, and not judged"
}

@test "children that are killed, or go on running, are told" {
    # shellcheck disable=SC2016
    with_child 'kill -KILL $!; wait $! || true'
    expect 0
    says "1 process has ended without a last dump, as by SIGKILL, and is not judged"
    rm -r "$BATS_TEST_TMPDIR/kept"
    with_child true
    expect 0
    says "1 process is still running, and not judged"
}
