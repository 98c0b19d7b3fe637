"""Pure Python that allocates as programs do: parses, groups, sorts, formats; argument: rounds."""
import sys


class Word:
    def __init__(self, text, number):
        self.text = text
        self.numbers = [number]


def words_of(line):
    for part in line.split():
        yield part.strip(".,;").lower()


def index(lines):
    words = {}
    for number, line in enumerate(lines):
        for text in words_of(line):
            word = words.get(text)
            if word is None:
                words[text] = Word(text, number)
            else:
                word.numbers.append(number)
    return words


def tree(depth):
    return None if depth == 0 else (tree(depth - 1), {"depth": depth}, tree(depth - 1))


def weight(node):
    return 0 if node is None else weight(node[0]) + node[1]["depth"] + weight(node[2])


def one_round(seed):
    lines = ["The quick %d, brown %d; fox-%d jumps over %d lazy dogs." % (i, i * 7 % 101, i * seed % 997, i % 13)
             for i in range(1500)]
    words = index(lines)
    ranked = sorted(words.values(), key=lambda word: (-len(word.numbers), word.text))
    text = "\n".join("%s: %s" % (word.text, ",".join(map(str, word.numbers[:20]))) for word in ranked)
    return len(text) + weight(tree(11))


print(sum(one_round(seed) for seed in range(1, int(sys.argv[1]) + 1)))
