"use strict";
/* The page: what is shown, and what keys, clicks and controls change about it. */

const byId = (id) => document.getElementById(id);

const KEYS = [
  ["/", "search; Esc takes it back"],
  ["\u2190 \u2191 \u2192 \u2193", "go from frame to frame"],
  ["Enter", "zoom into the frame; a click does so too"],
  ["Backspace", "zoom out by one frame"],
  ["Esc", "show all"],
  ["t", "next sample type"],
  ["k", "next kind of resource"],
  ["i", "flame or icicle"],
  ["c", "what colours mean"],
  ["w", "which dump gives the widths, with two dumps"],
  ["d", "light or dark"],
  ["?", "these keys"],
];

class Page {
  constructor(data) {
    this.functions = readFunctions(data);
    this.processes = data.processes;
    this.flame = false;
    this.graph = new Graph(byId("graph"), byId("space"), byId("canvas"));
    this.table = new SiteTable(byId("sites"), byId("more"), (site) => this.chooseSite(site));
    this.fill();
    this.listen();
    this.showProcess(0);
  }

  fill() {
    this.processes.forEach((process, i) => byId("process").append(element("option", { value: i }, process.name)));
    byId("process").hidden = this.processes.length < 2;
    for (const [key, words] of KEYS) byId("keys").append(element("dt", {}, key), element("dd", {}, words));
  }

  showProcess(at) {
    this.process = this.processes[at];
    byId("name").textContent = this.processes.length < 2 ? this.process.name : "";
    byId("process").value = at;
    this.trees = this.process.graphs.map((graph) => new Tree(graph, this.functions));
    byId("kinds").replaceChildren(
      ...this.trees.map((tree, i) => {
        const tab = element("button", { type: "button", role: "tab" }, tree.kind);
        tab.addEventListener("click", () => this.showTree(i));
        return tab;
      }),
    );
    this.showTree(0);
  }

  showTree(at) {
    this.at = at;
    this.tree = this.trees[at];
    [...byId("kinds").children].forEach((tab, i) => tab.setAttribute("aria-selected", String(i === at)));
    byId("type").replaceChildren(
      ...this.tree.columns.map((column, i) => element("option", { value: i, title: column.type }, nameColumn(column, this.tree.kind))),
    );
    byId("width").replaceChildren(
      ...["after", "before", "change"].map((which) => element("option", { value: which }, { after: "newer dump", before: "older dump", change: "change" }[which])),
    );
    byId("width-label").hidden = !this.tree.hasBefore;
    this.zoom = 0;
    this.selected = -1;
    if (this.chosenSite) byId("search").value = "";
    this.chosenSite = null;
    this.showColumn(this.tree.chosen);
  }

  showColumn(column) {
    this.column = column;
    byId("type").value = column;
    const colours = [["code", "by code"]];
    if (this.tree.hasBefore) colours.unshift(["change", "by change"]);
    if (this.tree.growthOf(column) >= 0) colours.push(["growth", "by growth"]);
    const wanted = byId("colour").value;
    byId("colour").replaceChildren(...colours.map(([value, words]) => element("option", { value }, words)));
    byId("colour").value = colours.some(([value]) => value === wanted) ? wanted : colours[0][0];
    byId("colour-label").hidden = colours.length < 2;
    this.show();
  }

  /* Draws all again, after any change. */
  show() {
    const { tree, column } = this, which = tree.hasBefore ? byId("width").value : "after";
    const widths = tree.widths(column, which);
    if (widths[this.zoom] <= 0) this.zoom = 0;
    const found = this.search(widths);
    byId("icicle").setAttribute("aria-pressed", String(!this.flame));
    byId("flame").setAttribute("aria-pressed", String(this.flame));
    byId("unzoom").disabled = this.zoom === 0;
    this.view = {
      tree, column, widths, which, key: `${which} ${column}`, flame: this.flame, zoom: this.zoom, selected: this.selected,
      colour: byId("colour").value, matches: found && found.matches,
      rootText: `all: ${formatValue(tree.columns[column], (which === "before" ? tree.before(column) : tree.after(column))[0])}`,
    };
    this.graph.draw(this.view);
    this.table.show(tree, column, this.chosenSite);
    this.showDetails(this.selected >= 0 ? this.selected : this.zoom);
    this.showLegend();
  }

  /* What the search field finds; null: nothing is asked for. */
  search(widths) {
    const text = byId("search").value.trim(), output = byId("matched");
    output.textContent = "";
    if (text === "") return null;
    const { tree, chosenSite } = this;
    let test;
    try {
      test = chosenSite ? (row) => row === this.functions[tree.function[chosenSite.node]] : makeTest(text);
    } catch (error) {
      output.textContent = "this is no regular expression";
      return null;
    }
    const found = tree.match(test, widths);
    const whole = widths[0];
    output.textContent = found.count === 0 ? "nothing matches" : `${formatShare(found.sum, whole)} in ${formatCount(found.count)} frame${found.count === 1 ? "" : "s"}`;
    return found;
  }

  showDetails(node) {
    const { tree, column } = this, unit = tree.columns[column], after = tree.after(column), before = tree.before(column);
    const figures = [`${formatValue(unit, after[node])} (${formatShare(after[node], after[0])} of all`];
    if (this.zoom !== 0 && node !== this.zoom) figures[0] += `, ${formatShare(after[node], after[this.zoom])} of what is zoomed into`;
    figures[0] += ")";
    const below = this.tree.children(node, this.view.key, this.view.widths).reduce((sum, child) => sum + after[child], 0);
    if (node !== 0 && after[node] - below > 0) figures.push(`${formatValue(unit, after[node] - below)} of it made right here`);
    if (tree.hasBefore) figures.push(`before ${formatValue(unit, before[node])}, change ${formatChange(unit, after[node] - before[node])}`);
    const growth = tree.growthOf(column);
    if (growth >= 0) figures.push(`${formatChange(unit, tree.after(growth)[node])} since the mark`);
    byId("details").replaceChildren(
      element("div", {}, element("b", {}, tree.nameOf(node))),
      element("div", { class: "faint" }, tree.placeOf(node, true) || nameColumn(unit, tree.kind)),
      element("div", { class: "figures" }, figures.join(" \u00b7 ")),
    );
    byId("details").firstChild.title = tree.nameOf(node);
  }

  showLegend() {
    const entries = {
      change: [["less", "less than before"], ["same", "as before"], ["more", "more than before"]],
      growth: [["same", "made before the mark"], ["more", "made since the mark"]],
      code: [["own", "the program's own code"], ["library", "system and language libraries"]],
    }[byId("colour").value];
    if (byId("search").value.trim() !== "") entries.push(["match", "matches"]);
    byId("legend").replaceChildren(
      ...entries.map(([name, words]) => {
        const swatch = element("i");
        swatch.style.background = `hsl(var(--${name}))`;
        return element("span", {}, swatch, words);
      }),
    );
  }

  zoomTo(node) {
    this.zoom = node;
    this.selected = node === 0 ? -1 : node;
    this.show();
    this.graph.reveal(node);
  }

  /* A row of the table marks its function in the graph; the same row again takes the mark back. */
  chooseSite(site) {
    const again = this.chosenSite === site;
    this.chosenSite = again ? null : site;
    byId("search").value = again ? "" : this.tree.nameOf(site.node);
    this.show();
  }

  select(node) {
    if (node < 0) return;
    this.selected = node;
    this.show();
    this.graph.reveal(node);
    this.graph.paint();
  }

  step(id) {
    const options = byId(id);
    options.selectedIndex = (options.selectedIndex + 1) % options.length;
    options.dispatchEvent(new Event("change"));
  }

  toggleTheme() {
    const rule = [...document.styleSheets[0].cssRules].find((one) => one.media && one.media.mediaText.includes("color-scheme") || one === this.darkRule);
    this.darkRule = rule;
    const isDark = this.isDark ?? matchMedia("(prefers-color-scheme: dark)").matches;
    this.isDark = !isDark;
    rule.media.mediaText = this.isDark ? "all" : "not all";
    this.graph.readTheme();
    this.show();
  }

  /* The root is always in sight at first. */
  setLayout(flame) {
    this.flame = flame;
    this.show();
    this.graph.box.scrollTop = flame ? this.graph.height : 0;
    this.graph.paint();
  }

  escape() {
    if (byId("search").value !== "") {
      byId("search").value = "";
      this.chosenSite = null;
      this.show();
    } else {
      this.zoomTo(0);
    }
  }

  listen() {
    const on = (id, event, action) => byId(id).addEventListener(event, action);
    on("process", "change", () => this.showProcess(Number(byId("process").value)));
    on("type", "change", () => this.showColumn(Number(byId("type").value)));
    on("width", "change", () => this.show());
    on("colour", "change", () => this.show());
    on("search", "input", () => {
      this.chosenSite = null;
      this.show();
    });
    on("icicle", "click", () => this.setLayout(false));
    on("flame", "click", () => this.setLayout(true));
    on("unzoom", "click", () => this.zoomTo(0));
    on("theme", "click", () => this.toggleTheme());
    on("help-button", "click", () => byId("help").showModal());
    on("canvas", "click", (event) => {
      const node = this.graph.hit(event.clientX, event.clientY);
      if (node >= 0) this.zoomTo(node);
    });
    on("canvas", "mousemove", (event) => {
      const node = this.graph.hit(event.clientX, event.clientY);
      byId("graph").classList.toggle("over", node >= 0);
      if (node >= 0) this.showDetails(node);
    });
    on("canvas", "mouseleave", () => this.showDetails(this.selected >= 0 ? this.selected : this.zoom));
    on("graph", "scroll", () => this.graph.paint());
    on("graph", "keydown", (event) => this.graphKey(event));
    document.addEventListener("keydown", (event) => this.pageKey(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.graph.readTheme();
      this.show();
    });
    new ResizeObserver(() => this.view && this.show()).observe(byId("graph"));
  }

  graphKey(event) {
    const at = this.selected >= 0 ? this.selected : this.zoom;
    const up = this.flame ? "in" : "out", down = this.flame ? "out" : "in";
    const sides = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: up, ArrowDown: down };
    if (event.key in sides) this.select(this.graph.neighbour(at, sides[event.key]));
    else if (event.key === "Enter") this.zoomTo(at);
    else if (event.key === "Backspace") this.zoomTo(Math.max(0, this.tree.parent[this.zoom]));
    else return;
    event.preventDefault();
  }

  pageKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const typing = event.target === byId("search") || event.target.tagName === "SELECT";
    if (event.key === "Escape") {
      byId("graph").focus();
      this.escape();
      return;
    }
    const actions = {
      "/": () => byId("search").focus(),
      t: () => this.step("type"),
      k: () => this.showTree((this.at + 1) % this.trees.length),
      i: () => this.setLayout(!this.flame),
      c: () => this.step("colour"),
      w: () => this.tree.hasBefore && this.step("width"),
      d: () => this.toggleTheme(),
      "?": () => byId("help").showModal(),
    };
    if (typing || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  }
}

/* A test of functions for what stands in the search field: a text, whatever its case, or /a regular expression/. */
function makeTest(text) {
  const inner = /^\/(.+)\/$/.exec(text);
  const found = inner ? new RegExp(inner[1], "i") : null;
  const low = text.toLowerCase();
  return (row) => [row.name, row.file].some((one) => (found ? found.test(one) : one.toLowerCase().includes(low)));
}

/* The tables stay where the graph cannot be had. */
readData(byId("data").textContent).then((data) => {
  byId("app").hidden = false;
  byId("plain").hidden = true;
  try {
    window.leaktracePage = new Page(data);
  } catch (error) {
    byId("app").hidden = true;
    byId("plain").hidden = false;
    throw error;
  }
});
