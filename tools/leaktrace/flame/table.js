"use strict";
/* The table of sites beside the graph. Names come from dumps: they are only ever set as text. */

const ROWS_MAX = 200;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

class SiteTable {
  /* `choose` is called with the site when a person takes a row. */
  constructor(table, more, choose) {
    this.head = table.tHead;
    this.body = table.tBodies[0];
    this.more = more;
    this.choose = choose;
    this.sorting = null; /* what a person has asked for; null: the best for what is shown */
  }

  show(tree, column, chosen) {
    const last = this.shown;
    if (last && last.tree === tree && last.column === column && last.chosen === chosen && last.sorting === this.sorting) return;
    this.shown = { tree, column, chosen, sorting: this.sorting };
    const growth = tree.growthOf(column);
    const sites = [...tree.sites(column)], whole = tree.after(column)[0];
    const orders = {
      value: (a, b) => b.value - a.value,
      growth: (a, b) => b.growth - a.growth || b.value - a.value,
      change: (a, b) => b.value - b.before - (a.value - a.before) || b.value - a.value,
      site: (a, b) => tree.nameOf(a.node).localeCompare(tree.nameOf(b.node)),
    };
    const columns = [["value", nameColumn(tree.columns[column], tree.kind)]];
    if (tree.hasBefore) columns.push(["change", "change"]);
    else if (growth >= 0) columns.push(["growth", "growth"]);
    columns.push(["site", "site"]);
    const best = tree.hasBefore ? "change" : growth >= 0 ? "growth" : "value";
    const sorting = columns.some(([name]) => name === this.sorting) ? this.sorting : best;
    sites.sort(orders[sorting]);
    this.showHead(columns, sorting);
    this.body.replaceChildren(...sites.slice(0, ROWS_MAX).map((site) => this.makeRow(site, tree, column, columns, whole)));
    this.more.textContent = sites.length > ROWS_MAX ? `and ${formatCount(sites.length - ROWS_MAX)} more sites` : "";
  }

  showHead(columns, sorting) {
    const cells = columns.map(([name, words]) => {
      const button = element("button", { type: "button", title: "Sort by this" }, words);
      button.addEventListener("click", () => {
        this.sorting = name;
        this.show(this.shown.tree, this.shown.column, this.shown.chosen);
      });
      const cell = element("th", { class: name === "site" ? "" : "number", scope: "col" }, button);
      if (name === sorting) cell.setAttribute("aria-sort", name === "site" ? "ascending" : "descending");
      return cell;
    });
    this.head.replaceChildren(element("tr", {}, ...cells));
  }

  makeRow(site, tree, column, columns, whole) {
    const unit = tree.columns[column], change = site.value - site.before;
    const bar = element("span", { class: "bar", title: `${formatShare(site.value, whole)} of all` }, element("span"));
    bar.firstChild.style.width = `${whole > 0 ? Math.max(0, Math.min(100, (100 * site.value) / whole)) : 0}%`;
    const cells = {
      value: () => element("td", { class: "number" }, formatValue(unit, site.value), bar),
      change: () => element("td", { class: `number ${change > 0 ? "more" : change < 0 ? "less" : ""}` }, formatChange(unit, change)),
      growth: () => element("td", { class: `number ${site.growth > 0 ? "more" : ""}` }, formatChange(unit, site.growth)),
      site: () => element("td", {}, element("b", {}, tree.nameOf(site.node)), element("small", {}, tree.placeOf(site.node, false, site.line))),
    };
    const row = element("tr", { tabindex: "0", "aria-selected": String(site === this.shown.chosen) }, ...columns.map(([name]) => cells[name]()));
    row.addEventListener("click", () => this.choose(site));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.choose(site);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const other = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
        if (other) other.focus();
        event.preventDefault();
      }
    });
    return row;
  }
}
