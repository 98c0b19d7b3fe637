// Blocks by C++'s operators and containers.
#include "case.h"

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

void *volatile kept;

struct alignas(64) Wide {
    char bytes[128];
};

struct Counted {
    long value = 0;
    ~Counted() { USE(this); }
};

struct Node {
    std::shared_ptr<Node> next;
};

struct First {
    virtual ~First() = default;
    long one = 1;
};

struct Second {
    virtual ~Second() = default;
    long two = 2;
};

struct Both : First, Second {
    long three = 3;
};

struct OwnNew {
    long value[4];
    static void *operator new(std::size_t size) { return site_block(size); }
    static void operator delete(void *block) { free(block); }
};

struct Half {
    char *first;
    Half() : first(new char[30])
    {
        USE(first);
        throw 1;
    }
};

} // namespace

SITE void site_new()
{
    USE(new long[1]);
    USE(new long);
}

SITE void site_new_array()
{
    USE(new int[25]);
}

SITE void site_new_nothrow()
{
    USE(new (std::nothrow) long);
}

SITE void site_new_aligned()
{
    USE(new Wide);
}

SITE void site_new_empty()
{
    USE(new char[0]);
}

SITE void site_vector()
{
    USE(new std::vector<int>(100));
}

SITE void site_string()
{
    USE(new std::string(100, 'x'));
}

SITE void site_short_string()
{
    USE(new std::string("short"));
}

SITE void site_map()
{
    auto *map = new std::map<int, int>;

    for (int i = 0; i < 10; i++)
        (*map)[i] = i;
    USE(map);
}

SITE void site_list()
{
    USE(new std::list<long>(10, 1));
}

SITE void site_unordered_map()
{
    auto *map = new std::unordered_map<int, int>;

    for (int i = 0; i < 100; i++)
        (*map)[i] = i;
    USE(map);
}

SITE void site_deque()
{
    USE(new std::deque<long>(1000, 1));
}

SITE void site_nested()
{
    auto *map = new std::map<std::string, std::vector<std::string>>;

    (*map)["a key that is too long to stand in the string"] = {"a value that is too long as well, it needs a block", "short"};
    USE(map);
}

SITE void site_shared_cycle()
{
    auto one = std::make_shared<Node>(), two = std::make_shared<Node>();

    one->next = two;
    two->next = one;
}

SITE void site_function()
{
    char captured[100] = "";

    USE((new std::function<int()>([captured] { return captured[0]; })));
}

SITE void site_half_made()
{
    try {
        USE(new Half);
    } catch (int) {
    }
}

SITE void *site_counted()
{
    return new Counted[10];
}

SITE Both *site_both()
{
    return new Both;
}

namespace {

// Lost by a function of that name.
template <void (*site)()> int lose()
{
    site();
    return 0;
}

int lose_own_new()
{
    USE(new OwnNew);
    return 0;
}

int keep_array_with_cookie()
{
    kept = site_counted();
    return 0;
}

int keep_second_base()
{
    kept = static_cast<Second *>(site_both());
    return 0;
}

int keep_in_static_objects()
{
    static std::vector<std::string> vector(10, std::string(100, 'x'));
    static std::map<int, std::unique_ptr<long>> map;
    static auto *never_deleted = new std::vector<int>(100);

    for (int i = 0; i < 10; i++)
        map[i].reset(new long(i));
    USE(&vector);
    USE(never_deleted);
    return 0;
}

int keep_in_thread_local_object()
{
    std::thread([] {
        thread_local std::vector<std::string> vector(10, std::string(100, 'x'));
        USE(&vector);
    }).join();
    return 0;
}

int free_by_exceptions()
{
    for (int i = 0; i < 10; i++) {
        try {
            std::vector<std::string> vector(10, std::string(100, 'x'));
            throw std::string(100, 'y');
        } catch (const std::string &text) {
            USE(&text);
        }
    }
    return 0;
}

} // namespace

const struct gate_case gate_cases[] = {
    {"new", lose<site_new>},
    {"new_array", lose<site_new_array>},
    {"new_nothrow", lose<site_new_nothrow>},
    {"new_aligned", lose<site_new_aligned>},
    {"new_empty", lose<site_new_empty>},
    {"vector", lose<site_vector>},
    {"string", lose<site_string>},
    {"short_string", lose<site_short_string>},
    {"map", lose<site_map>},
    {"list", lose<site_list>},
    {"unordered_map", lose<site_unordered_map>},
    {"deque", lose<site_deque>},
    {"nested", lose<site_nested>},
    {"shared_cycle", lose<site_shared_cycle>},
    {"function", lose<site_function>},
    {"half_made", lose<site_half_made>},
    {"own_new", lose_own_new},
    {"array_with_cookie", keep_array_with_cookie},
    {"second_base", keep_second_base},
    {"static_objects", keep_in_static_objects},
    {"thread_local_object", keep_in_thread_local_object},
    {"exceptions", free_by_exceptions},
    {nullptr, nullptr},
};
