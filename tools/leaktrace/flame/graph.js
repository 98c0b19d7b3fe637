"use strict";
/*
 * The picture: a canvas of the size of what is seen, in a box that scrolls over the whole depth.
 *
 * A view is { tree, key, widths, column, colour, flame, zoom, matches }; draw() shows it, hit() tells what is at a point.
 */

const ROW = 20, GAP = 1, LEAST_WIDTH = 0.6, TEXT_INSET = 5;

class Graph {
  constructor(box, space, canvas) {
    this.box = box;
    this.space = space;
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.rows = [];
    this.readTheme();
  }

  /* Colours stand in the style sheet. */
  readTheme() {
    const style = getComputedStyle(document.documentElement);
    const take = (name) => style.getPropertyValue(`--${name}`).trim();
    const parts = (name) => take(name).split(/[ %]+/).slice(0, 3).map(Number);
    this.theme = { ink: take("frame-ink"), faint: take("faint"), accent: take("ink"), dim: Number(take("dim")) };
    for (const name of ["own", "library", "root", "match", "more", "less", "same"]) this.theme[name] = parts(name);
    this.font = `12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace`;
  }

  draw(view) {
    const { tree, zoom } = view, widths = view.widths;
    this.view = view;
    this.rows = [];
    this.width = this.box.clientWidth;
    const whole = widths[zoom], scale = whole > 0 ? (this.width - 2) / whole : 0;
    const above = [];
    for (let node = zoom; node >= 0; node = tree.parent[node]) above.unshift(node);
    above.forEach((node, row) => (this.rows[row] = [{ node, x: 1, width: this.width - 2 }]));
    if (scale > 0) this.layChildren(zoom, above.length, 1, scale);
    this.paint();
  }

  /* Lays what is below a node out; a stack of its own, for call stacks may be deeper than the script's. */
  layChildren(top, firstRow, left, scale) {
    const { tree, key, widths } = this.view, open = [{ node: top, row: firstRow, x: left }];
    while (open.length > 0) {
      const { node, row, x } = open.pop();
      let at = x;
      for (const child of tree.children(node, key, widths)) {
        const width = widths[child] * scale;
        if (width < LEAST_WIDTH) break;
        (this.rows[row] ||= []).push({ node: child, x: at, width });
        open.push({ node: child, row: row + 1, x: at });
        at += width;
      }
    }
    for (const row of this.rows) row.sort((a, b) => a.x - b.x);
  }

  /* The y of a row in the whole picture. */
  yOf(row) {
    return this.view.flame ? this.height - (row + 1) * ROW : row * ROW;
  }

  paint() {
    const ratio = window.devicePixelRatio || 1, seen = this.box.clientHeight, context = this.context;
    this.height = Math.max(this.rows.length * ROW, seen - 1);
    this.space.style.height = `${this.height}px`;
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${seen}px`;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(seen * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, -this.box.scrollTop * ratio);
    context.font = this.font;
    context.textBaseline = "middle";
    this.letter = context.measureText("m").width;
    this.rows.forEach((row, i) => {
      const y = this.yOf(i);
      if (y + ROW >= this.box.scrollTop && y <= this.box.scrollTop + seen) for (const frame of row) this.paintFrame(frame, y);
    });
  }

  paintFrame({ node, x, width }, y) {
    const { tree, zoom, matches, selected } = this.view, context = this.context;
    const isAbove = node !== zoom && tree.depth[node] < tree.depth[zoom];
    context.globalAlpha = isAbove ? 0.55 : matches && !matches[node] ? this.theme.dim : 1;
    context.fillStyle = this.colourOf(node, matches && matches[node]);
    context.fillRect(x, y, Math.max(width - GAP, 0.4), ROW - GAP);
    if (width > 3 * this.letter + 2 * TEXT_INSET) {
      context.fillStyle = this.theme.ink;
      context.fillText(this.fitText(node, width - 2 * TEXT_INSET), x + TEXT_INSET, y + ROW / 2);
    }
    context.globalAlpha = 1;
    if (node === selected) {
      context.strokeStyle = this.theme.accent;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(width - GAP - 2, 1), ROW - GAP - 2);
    }
  }

  fitText(node, width) {
    const letters = Math.floor(width / this.letter);
    const name = this.view.tree.nameOf(node);
    if (node === 0) return this.view.rootText.slice(0, letters);
    if (name.length <= letters) {
      const place = this.view.tree.lineOf(node);
      return place !== "" && name.length + 2 + place.length <= letters ? `${name}  ${place}` : name;
    }
    let short = this.view.tree.functions[this.view.tree.function[node]].shortName;
    for (let at; short.length > letters && (at = short.indexOf("::")) >= 0; ) short = short.slice(at + 2);
    return short.length <= letters ? short : `${short.slice(0, letters - 1)}\u2026`;
  }

  colourOf(node, isMatch) {
    const theme = this.theme, { tree, colour, column } = this.view;
    const text = ([hue, saturation, light]) => `hsl(${hue} ${saturation}% ${light}%)`;
    if (isMatch) return text(theme.match);
    if (colour === "change") return this.mix(this.changeOf(node));
    if (colour === "growth") return this.mix(this.growthOf(node, column));
    if (node === 0) return text(theme.root);
    const row = tree.functions[tree.function[node]];
    const [hue, saturation, light] = row.plumbing ? theme.library : theme.own;
    const spread = row.plumbing ? 10 : 22;
    return text([hue - spread / 2 + (row.hash % spread) + (row.plumbing ? 0 : 6), saturation, light + ((row.hash >>> 8) % 7) - 3]);
  }

  /* From -1 (all of it is gone) to 1 (all of it is new). */
  changeOf(node) {
    const after = this.view.tree.after(this.view.column)[node], before = this.view.tree.before(this.view.column)[node];
    const most = Math.max(Math.abs(after), Math.abs(before));
    return most === 0 ? 0 : Math.max(-1, Math.min(1, (after - before) / most));
  }

  growthOf(node, column) {
    const growth = this.view.tree.growthOf(column), live = this.view.tree.after(column)[node];
    return growth < 0 || live <= 0 ? 0 : Math.max(0, Math.min(1, this.view.tree.after(growth)[node] / live));
  }

  mix(share) {
    const from = this.theme.same, to = share < 0 ? this.theme.less : this.theme.more, part = Math.sqrt(Math.abs(share));
    const between = (i) => from[i] + (to[i] - from[i]) * part;
    return `hsl(${to[0]} ${between(1)}% ${between(2)}%)`;
  }

  /* The node at a point of the window; -1: none. */
  hit(clientX, clientY) {
    const bounds = this.canvas.getBoundingClientRect();
    const x = clientX - bounds.left, y = clientY - bounds.top + this.box.scrollTop;
    const row = this.rows[Math.floor((this.view.flame ? this.height - y : y) / ROW)];
    const frame = row && row.find((one) => x >= one.x && x < one.x + one.width);
    return frame ? frame.node : -1;
  }

  frameOf(node) {
    for (const [i, row] of this.rows.entries()) {
      const frame = row.find((one) => one.node === node);
      if (frame) return { row: i, ...frame };
    }
    return null;
  }

  /* Scrolls so that a node can be seen. */
  reveal(node) {
    const frame = this.frameOf(node);
    if (!frame) return;
    const y = this.yOf(frame.row);
    if (y < this.box.scrollTop) this.box.scrollTop = y;
    if (y + ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = y + ROW - this.box.clientHeight;
  }

  /* The frame to that side of a node: "left", "right", "in" (towards the leaf) or "out"; -1: none. */
  neighbour(node, side) {
    const frame = this.frameOf(node);
    if (!frame) return this.view.zoom;
    if (side === "out") return this.view.tree.parent[node];
    if (side === "in") {
      const inner = (this.rows[frame.row + 1] || []).find((one) => one.x + one.width > frame.x + 0.01 && one.x < frame.x + frame.width);
      return inner ? inner.node : -1;
    }
    const row = this.rows[frame.row], at = row.findIndex((one) => one.node === node) + (side === "left" ? -1 : 1);
    return row[at] ? row[at].node : -1;
  }
}
