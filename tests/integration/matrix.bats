#!/usr/bin/env bats
# The reduced form of tools/dev/matrix.sh: sessions of the matrix whose programs the other tests need anyway.

load ../support/leaktrace
load ../support/programs
load ../support/matrix

@test "nginx, reloaded and replaced under load by its own SIGUSR2, does what it does alone" {
    matrix nginx
}

@test "git clones, collects and checks a repository as it does alone" {
    matrix git
}
