# program: python3
# packages: python3 libpython3.11-testsuite
# options: log=none
# workload: its own tests of threading, subprocess, socket, os, signal, asyncio and multiprocessing, each test's outcome compared
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

cat > "$SCRATCH/outcomes.py" << 'PY'
"""Runs test modules of the standard library; prints each test with its outcome, in order of names."""
import sys, unittest, warnings

warnings.simplefilter("ignore")


class Outcomes(unittest.TestResult):
    rows = {}

    def note(self, test, outcome):
        self.rows.setdefault(test.id(), outcome)

    def addSuccess(self, test):
        self.note(test, "ok")

    def addSkip(self, test, reason):
        self.note(test, "skipped")

    def addExpectedFailure(self, test, error):
        self.note(test, "expected failure")

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "error: " + self._exc_info_to_string(error, test)[-1500:])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "failure: " + self._exc_info_to_string(error, test)[-1500:])


outcomes = Outcomes()
for name in sys.argv[1:]:
    unittest.defaultTestLoader.loadTestsFromName(name).run(outcomes)
for row in sorted(outcomes.rows.items()):
    print(*row)
PY
cd "$SCRATCH"
for name in threading.ThreadTests threading.LockTests threading.ConditionTests threading.BarrierTests subprocess.ProcessTestCase \
    subprocess.POSIXProcessTestCase socket.GeneralModuleTests socket.BasicTCPTest socket.BasicUDPTest socket.SendmsgUnixStreamTest \
    os.FileTests os.PidTests os.SpawnTests os.FDInheritanceTests signal.PosixTests signal.WakeupSignalTests \
    signal.PendingSignalsTests asyncio.test_subprocess asyncio.test_sock_lowlevel asyncio.test_locks \
    multiprocessing_fork.WithProcessesTestQueue multiprocessing_fork.WithProcessesTestLock multiprocessing_fork.WithProcessesTestConnection; do
    echo "== $name"
    timeout 300 /usr/bin/python3 -I "$SCRATCH/outcomes.py" "test.test_$name" 2> "$SCRATCH/err" > "$SCRATCH/out" || { echo "status $?" && tail -n 3 "$SCRATCH/err"; }
    # Tests print as well, of times and threads.
    grep '^test\.' "$SCRATCH/out" || echo "no tests"
done
