# program: g++
# packages: g++ binutils make
# workload: compiles a program of templates, with LTO and in a parallel make, links and runs it; wrong programs
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

cp "$FILES/template.cc" .
g++ -std=c++17 -O2 -Wall -c template.cc -o template.o
sha256sum template.o
g++ -std=c++17 template.o -o "$SCRATCH/template"
"$SCRATCH/template" a=1 b=22 a=3 other
for number in 1 2 3 4 5 6; do
    printf '#include <vector>\nint part%d() { std::vector<int> v(%d, 2); int s = 0; for (int x : v) s += x; return s; }\n' \
        "$number" "$number" > "part$number.cc"
done
printf '#include <cstdio>\nint part1(), part2(), part3(), part4(), part5(), part6();\nint main() { std::printf("%%d\\n", part1() + part2() + part3() + part4() + part5() + part6()); }\n' > main.cc
printf 'all: sum\nsum: main.o part1.o part2.o part3.o part4.o part5.o part6.o\n\tg++ -flto=2 -o $@ $^\n' > Makefile
make -s -j 3 CXXFLAGS="-O1 -flto -frandom-seed=1"
./sum
objdump -d sum | grep -c '<part' > /dev/null && nm -C sum | grep -c 'part[1-6]()'
printf '#include <map>\nint main() { std::map<int, int> m; return m.nothing(m, undefined); }\n' > wrong.cc
g++ -c wrong.cc || echo "status $?"
g++ main.cc -o "$SCRATCH/unlinked" 2> "$SCRATCH/err" || grep -c undefined "$SCRATCH/err"
