// stress MILLISECONDS: eight threads that allocate, open, fork, load and throw, for so long. PLUGIN names the object to load.
#include "specimen.h"

#include <atomic>
#include <chrono>
#include <dlfcn.h>
#include <fcntl.h>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

static std::atomic<bool> over;
static std::atomic<long> rounds;

static void allocate(int self, int round)
{
    std::map<int, std::string> texts;

    for (int i = 0; i < 20; i++)
        texts[i * self] = std::string(static_cast<std::size_t>(round % 100 + i), 'x');
    void *block = std::malloc(100);
    block = std::realloc(block, static_cast<std::size_t>(round % 5000 + 1));
    USE(block);
    std::free(block);
}

static void open_some()
{
    int pair[2], fd = open("/dev/null", O_RDONLY);

    MUST(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    MUST(dup2(pair[0], fd) == fd);
    MUST(close(pair[0]) == 0 && close(pair[1]) == 0 && close(fd) == 0);
    std::FILE *stream = std::fopen("/dev/null", "re");
    MUST(stream != nullptr && std::fclose(stream) == 0);
}

// Every third child goes on to another program, every third allocates and exits as usual, every third leaves at once.
static void fork_one(int round)
{
    pid_t child = fork();
    int status = 0;

    MUST(child >= 0);
    if (child == 0) {
        if (round % 3 == 0)
            execl("/bin/true", "true", nullptr);
        if (round % 3 == 1)
            std::free(std::malloc(10));
        _exit(round % 3 == 0 ? 1 : 0);
    }
    MUST(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        std::fprintf(stderr, "child %d of kind %d: status %x\n", child, round % 3, status);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void load()
{
    void *plugin = dlopen(std::getenv("PLUGIN"), RTLD_NOW);

    MUST(plugin != nullptr);
    auto allocate_there = reinterpret_cast<void *(*)(std::size_t)>(dlsym(plugin, "plugin_allocate"));
    MUST(allocate_there != nullptr);
    std::free(allocate_there(33));
    MUST(dlclose(plugin) == 0);
}

__attribute__((noipa)) static void throw_from(int depth)
{
    std::string held(100, 'y');

    if (depth == 0)
        throw std::runtime_error(held);
    throw_from(depth - 1);
    USE(held.data());
}

static void throw_and_catch()
{
    try {
        throw_from(10);
    } catch (const std::runtime_error &error) {
        MUST(error.what()[0] == 'y');
    }
}

static void start_one()
{
    int value = 0;

    std::thread([&value] { value = 1; }).join();
    MUST(value == 1);
}

static void work(int self)
{
    for (int round = self; !over; round++) {
        allocate(self, round);
        open_some();
        throw_and_catch();
        if (round % 8 == 0)
            load();
        if (round % 16 == 0)
            start_one();
        if (round % 32 == self)
            fork_one(round / 32);
        rounds++;
    }
}

SITE void keeps_three()
{
    for (int i = 0; i < 3; i++)
        USE(std::malloc(50));
}

int main(int argc, char **argv)
{
    std::vector<std::thread> threads;

    MUST(argc == 2 && std::getenv("PLUGIN") != nullptr);
    keeps_three();
    std::puts("ready");
    std::fflush(stdout);
    for (int self = 0; self < 8; self++)
        threads.emplace_back(work, self);
    std::this_thread::sleep_for(std::chrono::milliseconds(std::atol(argv[1])));
    over = true;
    for (auto &thread : threads)
        thread.join();
    MUST(rounds > 8);
    std::puts("over");
    return 0;
}
