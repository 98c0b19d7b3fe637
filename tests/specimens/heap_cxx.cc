// C++'s ways to the heap, one site each; what every site keeps stands in the table of exact.bats.
#include "specimen.h"

#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

SITE void *own_operator(std::size_t size)
{
    return std::malloc(size);
}

namespace {

volatile std::size_t too_much = static_cast<std::size_t>(1) << 62;

struct plain {
    char bytes[40];
};

struct alignas(128) wide {
    char bytes[128];
};

struct with_destructor {
    with_destructor() { USE(this); }
    ~with_destructor() { USE(this); }
    char bytes[24];
};

struct failing {
    failing() { throw std::runtime_error("no"); }
    char bytes[56];
};

struct with_own_operator {
    static void *operator new(std::size_t size) { return own_operator(size); }
    static void operator delete(void *block) { std::free(block); }
    char bytes[72];
};

template <class T> T *used(T *block)
{
    USE(block);
    return block;
}

} // namespace

SITE void by_new()
{
    used(new plain);
    delete used(new plain);
    ::operator delete(used(::operator new(16)));
    ::operator delete(used(::operator new(16)), std::size_t(16));
    delete static_cast<plain *>(nullptr);
}

SITE void by_new_array()
{
    used(new char[300]);
    delete[] used(new char[300]);
    ::operator delete[](used(::operator new[](32)), std::size_t(32));
}

// The array's length takes a word before the elements.
SITE void by_new_array_of_objects()
{
    used(new with_destructor[3]);
    delete[] used(new with_destructor[2]);
}

SITE void by_nothrow()
{
    used(new (std::nothrow) plain);
    ::operator delete(used(::operator new(48, std::nothrow)), std::nothrow);
    used(new (std::nothrow) char[64]);
    ::operator delete[](used(::operator new[](80, std::nothrow)), std::nothrow);
}

SITE void refused_without_throwing()
{
    MUST(used(new (std::nothrow) char[too_much]) == nullptr);
    MUST(used(::operator new(too_much, std::nothrow)) == nullptr);
}

SITE void by_aligned()
{
    used(new wide);
    delete used(new wide);
    used(new wide[2]);
    delete[] used(new wide[3]);
    ::operator delete(used(::operator new(64, std::align_val_t(64))), std::align_val_t(64));
    ::operator delete[](used(::operator new[](64, std::align_val_t(64))), std::size_t(64), std::align_val_t(64));
}

// A size that is no multiple of the alignment, and none at all: what was asked for counts.
SITE void by_odd_sizes()
{
    used(::operator new(100, std::align_val_t(64)));
    ::operator delete(used(::operator new(10, std::align_val_t(64))), std::size_t(10), std::align_val_t(64));
    used(::operator new(0));
    ::operator delete(used(::operator new(0)));
}

SITE void by_aligned_nothrow()
{
    const std::align_val_t align{256};

    used(::operator new(256, align, std::nothrow));
    used(::operator new[](512, align, std::nothrow));
    ::operator delete(used(::operator new(256, align, std::nothrow)), align, std::nothrow);
    ::operator delete[](used(::operator new[](256, align, std::nothrow)), align, std::nothrow);
}

SITE void refused_with_bad_alloc()
{
    int caught = 0;

    for (int i = 0; i < 3; i++) {
        try {
            used(i == 0 ? ::operator new(too_much) : i == 1 ? ::operator new[](too_much)
                                                            : ::operator new(too_much, std::align_val_t(64)));
        } catch (const std::bad_alloc &) {
            caught++;
        }
    }
    MUST(caught == 3);
}

static int handled;

static void give_up_the_third_time()
{
    if (++handled == 3)
        std::set_new_handler(nullptr);
}

SITE void refused_after_new_handler()
{
    std::set_new_handler(give_up_the_third_time);
    MUST(used(new (std::nothrow) char[too_much]) == nullptr);
    MUST(handled == 3);
}

// The block of an object whose constructor throws is given back.
SITE void constructor_throws()
{
    for (int i = 0; i < 5; i++) {
        try {
            used(new failing);
        } catch (const std::runtime_error &) {
        }
    }
}

SITE void throws_deep(int depth)
{
    auto held = std::make_unique<plain>();

    used(held.get());
    if (depth == 0)
        throw std::logic_error("deep");
    throws_deep(depth - 1);
    USE(held.get());
}

SITE void catches()
{
    for (int i = 0; i < 10; i++) {
        try {
            throws_deep(9);
        } catch (const std::logic_error &) {
        }
    }
    used(new plain);
}

SITE void by_own_operator()
{
    used(new with_own_operator);
    delete used(new with_own_operator);
}

SITE void by_containers()
{
    auto *numbers = new std::vector<long>(1000, 7);
    auto *text = new std::string(500, 'x');

    USE(numbers);
    USE(text);
    std::map<int, int> gone;
    for (int i = 0; i < 100; i++)
        gone[i] = i;
}

SITE plain *thread_allocates()
{
    return used(new plain);
}

static void in_threads()
{
    std::vector<plain *> blocks(4 * 100);
    std::vector<std::thread> threads;

    for (int t = 0; t < 4; t++)
        threads.emplace_back([t, &blocks] {
            for (int i = 0; i < 100; i++)
                blocks[t * 100 + i] = thread_allocates();
        });
    for (auto &thread : threads)
        thread.join();
    for (int i = 0; i < 400; i += 4)
        delete blocks[i];
}

int main()
{
    by_new();
    by_new_array();
    by_new_array_of_objects();
    by_nothrow();
    refused_without_throwing();
    by_aligned();
    by_odd_sizes();
    by_aligned_nothrow();
    refused_with_bad_alloc();
    refused_after_new_handler();
    constructor_throws();
    catches();
    by_own_operator();
    by_containers();
    in_threads();
    return 0;
}
