# program: git
# packages: git
# workload: makes a repository of 60 commits, merges, rebases, clones over its own protocol, gc, fsck
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=/dev/null HOME=$SCRATCH
cd "$SCRATCH"
git init -q -b main first
cd first
for number in $(seq 60); do
    mkdir -p "folder$((number % 7))"
    seq "$number" $((number * 50)) > "folder$((number % 7))/file$((number % 11))"
    git add .
    git commit -q -m "commit $number"
done
git checkout -q -b side HEAD~20
git mv folder1 moved
git commit -q -m moved
git rebase -q main || git rebase --skip
git checkout -q main
git merge -q --no-ff -m merge side
git log --graph --stat --format='%H %s' | sha256sum
git -c pack.threads=4 gc --quiet --aggressive --prune=now
git repack -q -a -d -f
git fsck --strict --full
# What the other side says on its standard error is passed on behind "remote: ".
git clone -q --no-local . ../second 2> ../clone.err
grep -v '^remote: leaktrace\[' ../clone.err >&2 || true
cd ../second
git fsck --strict --full
git rev-parse HEAD
git diff HEAD~30 | sha256sum
git grep -c 77 HEAD~3 | sort | sha256sum
git archive HEAD | tar -t | sha256sum
git rev-parse no-such-branch || echo "status $?"
