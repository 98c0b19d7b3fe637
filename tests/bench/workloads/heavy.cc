// Small to read, much to compile: what a compiler meets in a file of templates. -DSMALL leaves most of it out.
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>
#ifndef SMALL
#include <iostream>
#include <regex>
#include <variant>
#endif

template <int N> struct Tree {
    Tree<N - 1> left, right;
    int sum() const
    {
        return left.sum() + right.sum() + N;
    }
};

template <> struct Tree<0> {
    int sum() const
    {
        return 1;
    }
};

template <typename T> std::vector<T> sorted(std::vector<T> values)
{
    std::sort(values.begin(), values.end());
    std::stable_sort(values.begin(), values.end(), std::greater<T>());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

template <typename... Keys> std::size_t grouped(const Keys &...keys)
{
    std::map<std::string, std::vector<std::size_t>> groups;

    (groups[std::to_string(sizeof(keys))].push_back(sizeof(keys)), ...);
    return groups.size();
}

#ifndef SMALL
using Value = std::variant<int, double, std::string, std::vector<double>>;

template <typename Key> void fill(std::map<Key, Value> &values, const Key &key, int number)
{
    values[key] = number % 2 ? Value(number) : Value(std::vector<double>(static_cast<std::size_t>(number), 0.5));
    for (auto &[name, value] : values)
        std::visit([&](const auto &one) { std::cout << sizeof(one) << number << '\n'; }, value);
}

static bool matches(const std::string &text)
{
    static const std::regex word("([a-z]+)=([0-9]+)");
    std::smatch match;

    return std::regex_match(text, match, word);
}

static void print_all(const std::vector<std::string> &names, int number)
{
    std::map<int, Value> by_number;
    std::map<std::string, Value> by_name;

    fill(by_number, number, number);
    fill(by_name, names[0], number);
    std::cout << matches(names[0]) << '\n';
}
#endif

int main(int argc, char **argv)
{
#ifndef SMALL
    print_all(sorted(std::vector<std::string>(argv, argv + argc)), argc);
#endif
    return Tree<8>().sum() % 7 + static_cast<int>(sorted(std::vector<int>{argc, 1}).size() + grouped(argc, *argv, 1.0));
}
