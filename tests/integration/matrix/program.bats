#!/usr/bin/env bats
# One program of the matrix: its session bare, and traced with a dump of every process each second. Run by tools/dev/matrix.sh and
# by ../matrix.bats, which name it in MATRIX_PROGRAM; what was dumped goes to the file MATRIX_ROW.

load "$LEAKTRACE_SOURCE/tests/support/leaktrace"
load "$LEAKTRACE_SOURCE/tests/support/programs"
load "$LEAKTRACE_SOURCE/tests/support/matrix"

@test "$MATRIX_PROGRAM does under leaktrace what it does without" {
    matrix "$MATRIX_PROGRAM"
}
