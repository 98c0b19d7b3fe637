#!/usr/bin/env bats
# The gate in build systems, test runners and CI services: the examples of tools/ci/README.md, with leaktrace as it is installed.

load ../support/leaktrace
load ../support/gate

setup_file() {
    export PREFIX="$BATS_FILE_TMPDIR/prefix"
    cmake --install "$LEAKTRACE_BUILD" --prefix "$PREFIX" > "$BATS_FILE_TMPDIR/install.log"
    PATH="$PREFIX/bin:$PATH"
    unset LEAKTRACE_LIBRARY
}

setup() {
    # Else all that runs here belongs to this test of Bats.
    export -n BATS_TEST_NAME BATS_TEST_DESCRIPTION
    cp -r "$LEAKTRACE_SOURCE/tests/support/gate/sample" "$BATS_TEST_TMPDIR/sample"
    cd "$BATS_TEST_TMPDIR/sample" || return
}

# The N-th example in that language.
example() {
    awk -v language="$1" -v n="${2:-1}" '
        /^```$/ { inside = 0 }
        inside  { print }
        $0 == "```" language { inside = ++count == n }' "$LEAKTRACE_SOURCE/tools/ci/README.md"
}

# Those tests fail of all that CTest runs, and no others.
ctest_fails() {
    run ctest --test-dir build --output-on-failure
    [ "$status" -ne 0 ]
    equal "$(awk '/^[\t ]*[0-9]+ - / { print $3 }' <<< "$output" | paste -sd ' ')" "$1" "$output"
}

build_project() {
    cmake -B build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$PREFIX" > configure.log 2>&1 || {
        cat configure.log >&2
        return 1
    }
    cmake --build build > build.log
}

@test "CMake finds the package; leaktrace_add_gate adds a test that fails on what is not in the baseline" {
    example cmake 1 > example.cmake
    : > leaks.txt
    build_project
    ctest_fails server_leaks
    [[ "$output" == *"1 device descriptor left open: main (sample.c:"* ]]
    leaktrace gate --no-heap --baseline leaks.txt --update-baseline -- build/server open
    ctest --test-dir build -L leaks
}

@test "leaktrace_add_gate passes arguments and options on as they are, and refuses what it does not know" {
    # shellcheck disable=SC2016
    printf '%s\n' 'find_package(leaktrace REQUIRED)' \
        'leaktrace_add_gate(server ARGS "a;b c" lose SUPPRESSIONS lsan.supp WORKING_DIRECTORY / LEAKS all NO_FDS THREADS
             FORMAT junit=${CMAKE_BINARY_DIR}/leaks.xml OPTIONS --exitcode 7)' > example.cmake
    printf 'leak:nothing\n' > lsan.supp
    build_project
    grep -qF '"gate" "--exitcode" "7" "--threads" "--no-fds" "--leaks" "all" "--format"' build/CTestTestfile.cmake
    grep -qF -- "\"--suppressions\" \"$PWD/lsan.supp\" \"--\" \"$PWD/build/server\" \"a;b c\" \"lose\"" build/CTestTestfile.cmake
    ctest_fails server_leaks
    grep -q 'lose_block' build/leaks.xml
    printf '%s\n' 'find_package(leaktrace REQUIRED)' 'leaktrace_add_gate(server LEEKS all)' > example.cmake
    run build_project
    equal "$status" 1
    [[ "$output" == *"leaktrace_add_gate(server): unknown"*"LEEKS"* ]]
}

@test "leaktrace_add_gate and the header are there in every folder once one has found the package" {
    mkdir sub
    printf 'find_package(leaktrace REQUIRED)\n' > sub/CMakeLists.txt
    printf '%s\n' 'add_subdirectory(sub)' 'target_link_libraries(server leaktrace::headers)' \
        'leaktrace_add_gate(server ARGS lose)' > example.cmake
    printf '#include <leaktrace/leaktrace.h>\n' | cat - sample.c > marked.c
    mv marked.c sample.c
    build_project
    ctest_fails server_leaks
}

@test "CTest starts tests by the gate with a property" {
    example cmake 2 > example.cmake
    build_project
    ctest_fails loses
    [[ "$output" == *"1 heap block (100 B) definitely lost: lose_block (sample.c:"* ]]
}

@test "CTest's memcheck step counts leaks with leaktrace-valgrind, and fails by the tests' own status" {
    : > example.cmake
    printf 'leak:nothing\n' > lsan.supp
    run bash -ec "$(example sh 1)"
    [ "$status" -ne 0 ]
    equal "$(sed -nE 's/.*MemCheck: #[0-9]+: ([a-z]+) .*(Defects: [0-9]+)/\1 \2/p' <<< "$output" | paste -sd,)" \
        "loses Defects: 1,opens Defects: 1" "$output"
    [[ "$output" == *"Memory Leak - 2"* ]]
    grep -q 'definitely lost' build/Testing/Temporary/MemoryChecker.2.log
    grep -q "'leak:nothing' is not used" build/Testing/Temporary/LastDynamicAnalysis_*.log
}

@test "leaktrace-valgrind takes the gate's options and valgrind's, and leaves those of the program alone" {
    cc -g -o server sample.c
    run leaktrace-valgrind -q --leak-check=full --error-exitcode=7 --no-heap --log-file=log ./server lose open -q --tool=x "a b"
    equal "$status" 7 "$output"
    grep -qx '==[0-9]*== 0 bytes in 1 blocks are definitely lost in loss record 1 of 1' log
    run leaktrace-valgrind --exitcode=0 ./server lose
    equal "$status" 0 "$output"
    equal "${lines[-1]}" "leaktrace gate: 1 leak in 1 process"
    run leaktrace-valgrind --tool=memcheck --nonsense=yes ./server
    equal "$status" 2
}

@test "Meson runs tests by the gate, as a wrapper and as a setup" {
    example meson >> meson.build
    meson setup build > configure.log
    run bash -ec "$(example sh 2) --print-errorlogs"
    equal "$status" 1
    [[ "$output" == *"1/2 clean OK"* || "$output" == *"2/2 clean OK"* ]]
    [[ "$output" == *"loses FAIL"*"exit status 23"* ]]
    [[ "$output" == *"lose_block (sample.c:"* ]] || grep -q 'lose_block (sample.c:' build/meson-logs/testlog-leaktrace.txt
    run meson test -C build --setup leaks
    equal "$status" 1
    grep -q 'lose_block (sample.c:' build/meson-logs/testlog-leaks.txt
    meson test -C build
}

# Debian's python3, which has pytest.
with_pytest() {
    cc -g -O1 -shared -fPIC -o libparser.so parser.c
    mkdir bin
    ln -s /usr/bin/python3 bin/python3
    PATH="$PWD/bin:$PATH"
}

@test "pytest is run by the gate, which shows what an extension loses" {
    with_pytest
    run bash -ec "$(example sh 3)"
    equal "$status" 23 "$output"
    [[ "$output" == *"2 passed"* ]]
    [[ "$output" == *"1 heap block (50 B) definitely lost: parse (parser.c:"* ]]
    equal "${lines[-1]}" "leaktrace gate: 1 leak in 1 process"
}

@test "with pytest-forked each leak stands beside its test" {
    with_pytest
    example python > conftest.py
    run leaktrace gate --format json=result.json -- python3 -m pytest -q --forked
    equal "$status" 23 "$output"
    mv result.json "$BATS_TEST_TMPDIR"
    equal "$(field '[(f["stack"][0]["function"], f["tests"]) for f in r["findings"] if f["fails"]]')" \
        "[('parse', ['test_parser.py::test_loses'])]"
}

# As GitHub's runner would; the repository is the current folder.
action() {
    export GITHUB_WORKSPACE="$PWD" GITHUB_STEP_SUMMARY="$BATS_TEST_TMPDIR/summary.md" RUNNER_TEMP="$BATS_TEST_TMPDIR/temp"
    mkdir -p "$RUNNER_TEMP"
    printf 'Before.\n' > "$GITHUB_STEP_SUMMARY"
    run /usr/bin/python3 "$LEAKTRACE_SOURCE/tests/support/gate/run_action.py" "$LEAKTRACE_SOURCE/tools/ci/github/action.yml" "$@"
}

@test "the action for GitHub annotates, sums up, and keeps SARIF and JUnit" {
    local results support="$LEAKTRACE_SOURCE/tests/support/gate"
    mkdir sub
    mv sample.c sub
    cc -g -o "sub/server" "$PWD/sub/sample.c"
    action "run=./server lose
./server open" working-directory=sub upload-sarif=true
    equal "$status" 23 "$output"
    [[ "$output" == *"::error file=sub/sample.c,line="*",title=1 heap block (100 B) definitely lost::lose_block"* ]]
    [[ "$output" == *"::error file=sub/sample.c,line="*",title=1 device descriptor left open::main"* ]]
    equal "$(head -n 1 "$GITHUB_STEP_SUMMARY")" "Before."
    grep -q '^| 1 heap block' "$GITHUB_STEP_SUMMARY"
    results=$(sed -n 's/^uses actions.upload-artifact@v4 name=leaktrace path=//p' <<< "$output")
    python3 -m jsonschema -i "$results/leaks.sarif" "$support/sarif.schema.json"
    xmllint --noout --schema "$support/junit.xsd" "$results/leaks.xml"
    [[ "$output" == *"uses github/codeql-action/upload-sarif@v3 sarif_file=$results/leaks.sarif category=leaktrace"* ]]
    [[ "$output" == *"outputs sarif=$results/leaks.sarif junit=$results/leaks.xml" ]]
}

@test "the action for GitHub passes what is known on, and fails as the tests do" {
    cc -g -o server sample.c
    printf 'leak:lose_block\n' > a.supp
    printf 'fd:main\n' > b.supp
    action run="./server lose open" suppressions=$'a.supp\nb.supp'
    equal "$status" 0 "$output"
    action run="./server lose open" options="--no-fds  --baseline=leaks.txt --update-baseline"
    equal "$status" 0 "$output"
    action run="./server lose" baseline=leaks.txt
    equal "$status" 0 "$output"
    action run="./server open" baseline=leaks.txt
    equal "$status" 23 "$output"
    action run=$'false | cat\n./server'
    equal "$status" 1 "$output"
    action run="true" baseline=missing.txt
    equal "$status" 2 "$output"
    [[ "$output" != *"uses "* ]]
}

# The script of a job, as GitLab's runner would; $@ are its variables.
gitlab_job() {
    /usr/bin/python3 -c 'import sys, yaml; print("\n".join(yaml.safe_load(open(sys.argv[1]))[".leaktrace_gate"]["script"]))' \
        "$LEAKTRACE_SOURCE/tools/ci/gitlab.yml" > "$BATS_TEST_TMPDIR/job.sh"
    run env GATE_RUN= GATE_BASELINE= GATE_SUPPRESSIONS= GATE_OPTIONS= "$@" sh -e "$BATS_TEST_TMPDIR/job.sh"
}

@test "the job for GitLab writes code quality and JUnit, and fails as the tests do" {
    local support="$LEAKTRACE_SOURCE/tests/support/gate"
    cc -g -o server "$PWD/sample.c"
    gitlab_job GATE_RUN="./server lose; ./server open"
    equal "$status" 23 "$output"
    python3 -m jsonschema -i leaktrace/leaks.json "$support/gitlab.schema.json"
    xmllint --noout --schema "$support/junit.xsd" leaktrace/leaks.xml
    grep -q '"path": *"sample.c"' leaktrace/leaks.json
    : > leaks.txt
    gitlab_job GATE_RUN="./server lose" GATE_BASELINE=leaks.txt GATE_OPTIONS="--update-baseline -q"
    equal "$status" 0 "$output"
    gitlab_job GATE_RUN="./server lose" GATE_BASELINE=leaks.txt
    equal "$status" 0 "$output"
    printf 'leak:lose_block\n' > a.supp
    gitlab_job GATE_RUN="./server lose" GATE_SUPPRESSIONS=a.supp
    equal "$status" 0 "$output"
    gitlab_job GATE_RUN="false; ./server"
    equal "$status" 1 "$output"
}

@test "what the CI files keep are the files that they write" {
    /usr/bin/python3 - "$LEAKTRACE_SOURCE/tools/ci" << 'END'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1] + "/gitlab.yml"))[".leaktrace_gate"]
script = "\n".join(job["script"])
for kind, format in (("codequality", "gitlab"), ("junit", "junit")):
    assert f"{format}={job['artifacts']['reports'][kind]}" in script, kind
assert job["artifacts"]["when"] == "always"
example = open(sys.argv[1] + "/README.md").read().split("```yaml\n")[1:]
action, include = (yaml.safe_load(text.split("```")[0]) for text in example)
inputs = yaml.safe_load(open(sys.argv[1] + "/github/action.yml"))["inputs"]
assert set(action[0]["with"]) <= set(inputs)
assert include["leaks"]["extends"] == ".leaktrace_gate" and set(include["leaks"]["variables"]) <= set(job["variables"])
END
}

@test "the scripts are clean for shellcheck" {
    gitlab_job GATE_RUN=true
    shellcheck -s sh "$BATS_TEST_TMPDIR/job.sh"
    shellcheck "$LEAKTRACE_SOURCE/tools/ci/leaktrace-valgrind"
    /usr/bin/python3 -c 'import sys, yaml
print("set -eo pipefail")
for step in yaml.safe_load(open(sys.argv[1]))["runs"]["steps"]: print(step.get("run", ""))' \
        "$LEAKTRACE_SOURCE/tools/ci/github/action.yml" > action.sh
    shellcheck -s bash action.sh
}
