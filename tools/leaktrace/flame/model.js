"use strict";
/* What the page holds: reading it, and the tree of one graph with its figures. Nothing here touches the page. */

const numbers = (text) => (text === "" ? [] : text.split(" ").map(Number));

async function readData(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/* Controls, and what turns the direction of writing, may not reach the reader. */
const withoutControls = (text) => text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");

/* The table of functions, a row each. */
function readFunctions(data) {
  const modules = numbers(data.functions.modules), files = numbers(data.functions.files);
  const plumbing = numbers(data.functions.plumbing);
  return data.functions.names.map(withoutControls).map((name, i) => ({
    name,
    module: withoutControls(data.modules[modules[i]]),
    file: withoutControls(data.files[files[i]]),
    plumbing: plumbing[i] === 1,
    shortName: shortenName(name),
    hash: [...name].reduce((hash, letter) => (hash * 31 + letter.codePointAt(0)) >>> 0, 7),
  }));
}

/* A name without parameters and without template arguments. */
function shortenName(name) {
  if (/\boperator\s*[<>(-]/.test(name)) return name;
  let depth = 0, short = "";
  for (const letter of name) {
    if (letter === "<" || letter === "(") depth++;
    if (depth === 0) short += letter;
    if ((letter === ">" || letter === ")") && depth > 0) depth--;
  }
  return depth !== 0 || short.trim() === "" || short.startsWith("::") ? name : short.trim();
}

const baseName = (path) => path.slice(path.lastIndexOf("/") + 1);

/*
 * The tree of one graph. Node 0 is the root; each node stands before its children, so that what is below node i are the
 * nodes from i + 1 to end[i] - 1.
 */
class Tree {
  constructor(graph, functions) {
    this.kind = graph.kind;
    this.columns = graph.columns;
    this.chosen = graph.chosen;
    this.hasBefore = graph.before;
    this.functions = functions;
    this.readNodes(numbers(graph.ups), numbers(graph.functions), numbers(graph.lines));
    this.readSites();
    let at = 0;
    this.siteLines = numbers(graph.sites);
    this.ends = numbers(graph.ends).map((distance) => (at += distance));
    this.own = graph.values.map(numbers);
    this.ownBefore = (graph.befores || []).map(numbers);
    this.cache = new Map();
  }

  readNodes(ups, functionNumbers, lines) {
    const n = ups.length + 1;
    this.n = n;
    this.parent = new Int32Array(n).fill(-1);
    this.depth = new Int32Array(n);
    this.end = new Int32Array(n).fill(n);
    this.function = Int32Array.from([-1, ...functionNumbers]);
    this.line = Float64Array.from([0, ...lines]);
    let last = 0;
    for (let i = 1; i < n; i++) {
      let parent = last;
      for (let up = ups[i - 1]; up > 0; up--) {
        this.end[parent] = i;
        parent = this.parent[parent];
      }
      this.parent[i] = parent;
      this.depth[i] = this.depth[parent] + 1;
      last = i;
    }
  }

  /* For each node, the innermost frame of the user's own code on the way to it; itself where there is none. */
  readSites() {
    this.site = new Int32Array(this.n);
    const inside = new Int32Array(this.n).fill(-1);
    for (let i = 1; i < this.n; i++) {
      inside[i] = this.functions[this.function[i]].plumbing ? inside[this.parent[i]] : i;
      this.site[i] = inside[i] < 0 ? i : inside[i];
    }
  }

  /* The sums over what is below each node, of the figure that `own` tells for what ends at a node. */
  sums(key, own) {
    if (!this.cache.has(key)) {
      const sums = new Float64Array(this.n);
      this.ends.forEach((node, i) => (sums[node] += own(i)));
      for (let i = this.n - 1; i > 0; i--) sums[this.parent[i]] += sums[i];
      this.cache.set(key, sums);
    }
    return this.cache.get(key);
  }

  after(column) {
    return this.sums(`after ${column}`, (i) => this.own[column][i]);
  }

  before(column) {
    return this.sums(`before ${column}`, (i) => (this.hasBefore ? this.ownBefore[column][i] : 0));
  }

  /* What is drawn as width: nothing is less than nothing. */
  widths(column, which) {
    const value = {
      after: (i) => Math.max(0, this.own[column][i]),
      before: (i) => Math.max(0, this.ownBefore[column][i]),
      change: (i) => Math.abs(this.own[column][i] - this.ownBefore[column][i]),
    }[which];
    return this.sums(`${which} width ${column}`, value);
  }

  /* The children of a node that have a width, the widest first. */
  children(node, key, widths) {
    const name = `children ${key}`;
    if (!this.cache.has(name)) this.cache.set(name, new Map());
    const known = this.cache.get(name);
    if (!known.has(node)) {
      const children = [];
      for (let child = node + 1; child < this.end[node]; child = this.end[child]) if (widths[child] > 0) children.push(child);
      known.set(node, children.sort((a, b) => widths[b] - widths[a] || a - b));
    }
    return known.get(node);
  }

  /* The column of the growth since the mark that belongs to a column; -1: there is none. */
  growthOf(column) {
    const { type, unit, growth } = this.columns[column];
    return growth ? -1 : this.columns.findIndex((other) => other.growth && other.type === type && other.unit === unit);
  }

  /* The sites with their figures: { key, node, line, value, before, growth }. */
  sites(column) {
    if (this.cache.has(`sites ${column}`)) return this.cache.get(`sites ${column}`);
    const growth = this.growthOf(column), sites = new Map();
    this.ends.forEach((end, i) => {
      const node = this.site[end], line = this.siteLines[i], key = `${this.function[node]}:${line}`;
      if (!sites.has(key)) sites.set(key, { key, node, line, value: 0, before: 0, growth: 0 });
      const site = sites.get(key);
      site.value += this.own[column][i];
      if (this.hasBefore) site.before += this.ownBefore[column][i];
      if (growth >= 0) site.growth += this.own[growth][i];
    });
    const found = [...sites.values()].filter((site) => site.value !== 0 || site.before !== 0 || site.growth !== 0);
    this.cache.set(`sites ${column}`, found);
    return found;
  }

  nameOf(node) {
    return node === 0 ? "all" : this.functions[this.function[node]].name;
  }

  /* "file.c:12", if that is known. */
  lineOf(node) {
    const file = node === 0 ? "" : this.functions[this.function[node]].file;
    return file === "" || this.line[node] <= 0 ? "" : `${baseName(file)}:${this.line[node]}`;
  }

  /* "file.c:12 in module", as far as it is known. */
  placeOf(node, full, line = this.line[node]) {
    if (node === 0) return "";
    const { file, module } = this.functions[this.function[node]];
    const path = full ? (text) => text : baseName;
    return [file === "" ? "" : path(file) + (line > 0 ? `:${line}` : ""), module === "" ? "" : `in ${path(module)}`].filter((part) => part !== "").join(" ");
  }

  /* Which nodes match, and the sum of `values` over those that no matching node is above. */
  match(test, values) {
    const passes = this.functions.map((row) => test(row));
    const matches = new Uint8Array(this.n), covered = new Uint8Array(this.n);
    let sum = 0, count = 0;
    for (let i = 1; i < this.n; i++) {
      covered[i] = covered[this.parent[i]];
      if (!passes[this.function[i]]) continue;
      matches[i] = 1;
      count++;
      if (!covered[i]) sum += values[i];
      covered[i] = 1;
    }
    return { matches, sum, count };
  }
}
