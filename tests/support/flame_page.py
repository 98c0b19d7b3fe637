"""What a person does with a page of `leaktrace flame`, in a real browser.

    BROWSER=FILE flame_page.py CHECK PAGE...     CHECK is one of the functions below, FILE is of `browser.py hold FILE`

Prints nothing when all is right; a failed check ends it with what was seen.
"""

import os
import sys

from browser import Browser

READY = "return !document.getElementById('app').hidden && document.getElementById('plain').hidden"

# The frames that are drawn, by name, with where they are on the screen: read from the page's own picture.
FRAMES = """
const page = window.leaktracePage, box = document.getElementById('canvas').getBoundingClientRect();
return page.graph.rows.flatMap((row, i) => row.map((frame) => ({
  name: page.tree.nameOf(frame.node), depth: i, width: frame.width,
  x: box.left + frame.x + frame.width / 2, y: box.top + page.graph.yOf(i) - page.graph.box.scrollTop + 10 })))
"""


def show(path):
    page = Browser(os.environ["BROWSER"])
    page.open(path)
    page.wait(READY)
    return page


def equal(seen, wanted, what=""):
    assert seen == wanted, f"{what}: expected {wanted!r}, got {seen!r}"


def text(page, name):
    return page.run("return document.getElementById(arguments[0]).innerText", name)


def frame(page, name):
    found = [one for one in page.run(FRAMES) if one["name"] == name]
    assert found, f"no frame {name} among {sorted({one['name'] for one in page.run(FRAMES)})}"
    return found[0]


def names(page):
    return {one["name"] for one in page.run(FRAMES)}


def choose(page, control, value):
    page.run("const it = document.getElementById(arguments[0]); it.value = arguments[1]; it.dispatchEvent(new Event('change'))", control, value)


def rows(page):
    return page.run("return [...document.querySelectorAll('#sites tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))")


def keep(page, name):
    """A picture for people, where LEAKTRACE_PICTURES says."""
    if os.environ.get("LEAKTRACE_PICTURES"):
        page.screenshot(f"{os.environ['LEAKTRACE_PICTURES']}/{name}.png")


def zoom(path):
    """A click zooms into a frame, Escape and the button show all again."""
    page = show(path)
    whole = frame(page, "all")["width"]
    inner = frame(page, "keeps_three")
    assert inner["width"] < whole * 0.9, inner
    assert "keeps_one" in names(page)
    page.hover(inner["x"], inner["y"])
    assert "keeps_three" in text(page, "details"), text(page, "details")
    page.click(inner["x"], inner["y"])
    equal(frame(page, "keeps_three")["width"], whole, "width when zoomed into")
    assert "keeps_one" not in names(page), "what is beside the frame is out of sight"
    assert "all" in names(page), "what is outside of the frame stays in sight"
    keep(page, "zoom")
    page.keys("Escape")
    equal(frame(page, "keeps_three")["width"], inner["width"], "width behind Escape")
    page.click(inner["x"], inner["y"])
    page.run("document.getElementById('unzoom').click()")
    equal(frame(page, "keeps_three")["width"], inner["width"], "width behind the button")
    equal(page.complaints(), [])


def search(path):
    """The search field marks frames and tells their share, counted once."""
    page = show(path)
    page.keys("/", *"keeps_three")
    equal(text(page, "matched"), "75.0 % in 1 frame")
    keep(page, "search")
    page.keys("Escape")
    equal(text(page, "matched"), "")
    page.keys("/", *"/^keeps_/")
    equal(text(page, "matched"), "100.0 % in 2 frames")
    page.keys("Escape", "/", *"MAIN")
    assert text(page, "matched").startswith("100.0 % in "), text(page, "matched")
    page.keys("Escape", "/", *"/(/")
    equal(text(page, "matched"), "this is no regular expression")
    page.keys("Escape", "/", *"frog")
    equal(text(page, "matched"), "nothing matches")
    equal(page.complaints(), [])


def types(path):
    """Every sample type and every kind of a dump can be shown, by hand and by key."""
    page = show(path)
    options = page.run("return [...document.getElementById('type').options].map((one) => one.text)")
    equal(options, ["blocks ever allocated", "bytes ever allocated", "live blocks", "live bytes",
                    "growth: live blocks since the mark", "growth: live bytes since the mark"])
    equal(page.run("return document.getElementById('type').value"), "3", "the type to begin with")
    equal(rows(page)[0][0], "150 B")
    choose(page, "type", "2")
    equal(rows(page)[0][0], "3")
    assert "all: 4" in page.run("return window.leaktracePage.view.rootText")
    page.run("document.getElementById('graph').focus()")
    page.keys("t")
    equal(page.run("return document.getElementById('type').value"), "3", "the type after t")
    page.run("[...document.querySelectorAll('#kinds button')].find((one) => one.innerText === 'fd').click()")
    equal([row[-1].split("\n")[0] for row in rows(page)], ["keeps_descriptor"])
    page.keys("k")
    equal(page.run("return document.querySelector('#kinds [aria-selected=true]').innerText"), "thread", "the kind after k")
    equal(page.complaints(), [])


def layout(path):
    """Flame and icicle stand on their heads to each other; light and dark differ."""
    page = show(path)
    assert frame(page, "all")["y"] < frame(page, "keeps_three")["y"]
    page.run("document.getElementById('flame').click()")
    assert frame(page, "all")["y"] > frame(page, "keeps_three")["y"]
    page.run("document.getElementById('graph').focus()")
    page.keys("i")
    assert frame(page, "all")["y"] < frame(page, "keeps_three")["y"]
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.keys("d")
    assert page.run(ground) != light
    keep(page, "dark")
    page.keys("d")
    equal(page.run(ground), light)
    page.prefer("dark")
    page.open(path)
    page.wait(READY)
    assert page.run(ground) != light, "a browser that is dark shows a dark page"
    page.prefer("light")


def keyboard(path):
    """Without a mouse: arrows go from frame to frame, Enter zooms, Backspace goes back; a site marks its frames."""
    page = show(path)
    page.run("document.getElementById('graph').focus()")
    for _ in range(20):
        page.keys("Down")
    assert "keeps_three" in text(page, "details"), text(page, "details")
    page.keys("Right")
    assert "keeps_one" in text(page, "details"), text(page, "details")
    page.keys("Left", "Enter")
    assert "keeps_one" not in names(page)
    page.keys("Backspace")
    assert "keeps_one" in names(page)
    page.keys("Escape")
    page.run("document.querySelector('#sites tbody tr').focus()")
    page.keys("Enter")
    equal(text(page, "matched"), "75.0 % in 1 frame")
    page.keys("?")
    assert page.run("return document.getElementById('help').open")


def plain(path):
    """With scripts off the page is its tables, and nothing else."""
    page = Browser(os.environ["BROWSER"])
    page.allow_scripts(False)
    page.open(path)
    keep(page, "plain")
    assert 'id="app" hidden' in page.call("GET", "source")
    tables = page.call("POST", "element", {"using": "css selector", "value": "#plain"})
    words = page.call("GET", f"element/{next(iter(tables.values()))}/text")
    page.allow_scripts(True)
    for word in ("heap", "fd", "thread", "keeps_three", "150 B", "inuse_space"):
        assert word in words, (word, words)


def compare(path):
    """Two dumps: what has changed is told, coloured and can give the widths."""
    page = show(path)
    equal(page.run("return document.getElementById('colour').value"), "change")
    table = {row[-1].split("\n")[0]: row[:2] for row in rows(page)}
    equal(table["grows"], ["300 B", "+200 B"])
    equal(table["shrinks"], ["50 B", "\u221250 B"])
    equal(table["stays"], ["70 B", "0 B"])
    equal(table["comes"], ["40 B", "+40 B"])
    equal(table["goes"], ["0 B", "\u221220 B"])
    colour = "const page = window.leaktracePage; return page.graph.colourOf(page.graph.rows.flat().find((one) => page.tree.nameOf(one.node) === arguments[0]).node, false)"
    seen = {name: page.run(colour, name) for name in ("grows", "shrinks", "stays", "comes")}
    equal(len(set(seen.values())), 4, seen)
    assert "goes" not in names(page)
    keep(page, "compare")
    choose(page, "width", "before")
    assert "goes" in names(page) and "comes" not in names(page)
    choose(page, "width", "change")
    assert "stays" not in names(page) and {"goes", "comes", "grows", "shrinks"} <= names(page)
    equal(page.complaints(), [])


def hostile(path, count):
    """Names that are HTML, controls or no UTF-8 are shown as they are, and do nothing."""
    page = show(path)
    equal(page.run("return [window.broken, document.images.length]"), [None, 0])
    seen = [row[1].split("\n")[0] for row in rows(page)]
    equal(len(seen), int(count))
    equal(seen[0], "</script><script>window.broken = 1</script>")
    assert "not utf-8: \ufffd\ufffd\ufffd(" in seen, seen
    assert "right-to-left \ufffd and \ufffd lines" in seen, seen
    equal(page.complaints(), [])
    equal(page.run("return document.querySelectorAll('#plain table').length"), 1)
    keep(page, "hostile")


def large(path):
    """A page of 16,000 stacks is there, and can be used."""
    page = show(path)
    equal(len(rows(page)), 200)
    assert text(page, "more").startswith("and "), text(page, "more")
    page.keys("/", *"Handler229")
    assert " in " in text(page, "matched"), text(page, "matched")
    equal(page.complaints(), [])


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
