// Threads of C++; the truth stands in exact.bats.
#include "specimen.h"

#include <chrono>
#include <future>
#include <thread>
#include <vector>

SITE void joined()
{
    std::vector<std::thread> threads;

    for (int i = 0; i < 20; i++)
        threads.emplace_back([] {});
    for (auto &thread : threads)
        thread.join();
}

SITE void by_async()
{
    std::vector<std::future<int>> answers;

    for (int i = 0; i < 5; i++)
        answers.push_back(std::async(std::launch::async, [i] { return i; }));
    for (auto &answer : answers)
        answer.get();
}

SITE void detached_for_ever()
{
    std::promise<void> started;

    std::thread([&started] {
        started.set_value();
        for (;;)
            std::this_thread::sleep_for(std::chrono::hours(1));
    }).detach();
    started.get_future().wait();
}

SITE void forgotten()
{
    new std::thread([] {
        for (;;)
            std::this_thread::sleep_for(std::chrono::hours(1));
    });
}

int main()
{
    joined();
    by_async();
    detached_for_ever();
    forgotten();
    return 0;
}
