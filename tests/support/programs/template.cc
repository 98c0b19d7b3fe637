/* Small to read, much to compile. */
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <variant>
#include <vector>

template <int N> struct Tree {
    Tree<N - 1> left, right;
    int sum() const { return left.sum() + right.sum() + N; }
};

template <> struct Tree<0> {
    int sum() const { return 1; }
};

using Value = std::variant<int, std::string, std::vector<double>>;

int main(int argc, char **argv)
{
    std::map<std::string, std::map<int, Value>> values;
    std::regex word("([a-z]+)=([0-9]+)");
    std::smatch match;

    for (int i = 1; i < argc; i++) {
        std::string text = argv[i];
        if (std::regex_match(text, match, word))
            values[match[1]][std::stoi(match[2])] = text;
    }
    for (const auto &[name, inner] : values)
        for (const auto &[number, value] : inner)
            std::visit([&](const auto &one) { std::cout << name << number << sizeof(one) << '\n'; }, value);
    std::cout << Tree<8>().sum() << '\n';
}
