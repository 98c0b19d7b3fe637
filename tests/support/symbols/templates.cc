// Blocks by ways of C++: templates, inlined members, lambdas, virtual functions, hidden namespaces, the standard library.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shop {

template <typename Item> class Shelf
{
  public:
    void put(const Item &item)
    {
        items.push_back(new Item(item));
    }

    template <typename Visitor> void visit(Visitor visitor)
    {
        for (Item *item : items)
            visitor(*item);
    }

  private:
    std::vector<Item *> items;
};

namespace {

std::map<int, std::string> *catalogue;

void enter(int number)
{
    (*catalogue)[number] = std::string(static_cast<std::size_t>(64 + number), 'x');
}

} // namespace

struct Clerk {
    virtual ~Clerk() = default;
    virtual void work(Shelf<std::string> *shelf) = 0;
};

struct Busy : Clerk {
    void work(Shelf<std::string> *shelf) override
    {
        auto stock = [shelf](int count) {
            for (int i = 0; i < count; i++)
                shelf->put(std::string(100, 'y'));
        };

        stock(3);
        std::function<void(int)> again = stock;
        again(2);
    }
};

template <unsigned long Count> struct Deep {
    static void *take()
    {
        return Deep<Count - 1>::take();
    }
};

template <> struct Deep<0> {
    static void *take()
    {
        return ::operator new(333);
    }
};

} // namespace shop

static void *volatile kept;

int main()
{
    auto *shelf = new shop::Shelf<std::string>;
    std::unique_ptr<shop::Clerk> clerk = std::make_unique<shop::Busy>();

    shop::catalogue = new std::map<int, std::string>;
    clerk->work(shelf);
    for (int i = 0; i < 5; i++)
        shop::enter(i);
    shelf->visit([](std::string &text) { kept = new std::string(text + text); });
    kept = shop::Deep<8>::take();
    auto *numbers = new std::vector<std::vector<int>>;
    for (int i = 0; i < 50; i++)
        numbers->emplace_back(static_cast<std::size_t>(i % 7), i);
    std::stable_sort(numbers->begin(), numbers->end());
    return 0;
}
