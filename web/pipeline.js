// The second view: who reads whom. Sources, stages, sinks in three columns; each wire ends at its reader with its figures.

import { figure, h, keyed, setAttribute, setText } from "./dom.js";
import { age, ageTone, brief, bytes, count, drops, duration, isResting, kindOf, percent, rate, stateOf, undrawn } from "./words.js";

const ROLES = [
  ["source", "Sources"],
  ["stage", "Stages"],
  ["sink", "Sinks"],
];
/** From the top of a row to the dot where its wire ends. */
const PORT_PX = 13;
/** Streams of this node are the supervisor's words about all nodes: told in one row, as they would hide the others. */
const HEALTH = "_health/";
const SVG = "http://www.w3.org/2000/svg";

export class Pipeline {
  constructor(app, element) {
    this.app = app;
    this.element = element;
    this.wires = document.createElementNS(SVG, "svg");
    this.wires.setAttribute("class", "wires");
    this.wires.setAttribute("aria-hidden", "true");
    this.cards = new Map();
    this.paths = new Map();
    this.columns = ROLES.map(([role, title]) => {
      const list = h("div", { class: "cards" });
      return { role, list, parts: new Map(), element: h("section", { class: "column", "aria-label": title }, h("h2", {}, title), list) };
    });
    element.append(this.wires, ...this.columns.map((column) => column.element));
    this.resized = new ResizeObserver(() => this.#drawWires());
    this.resized.observe(element);
  }

  update() {
    const { status } = this.app;
    if (!status || this.element.hidden) return;
    const names = Object.keys(status.nodes);
    for (const { role, list, parts } of this.columns) {
      const own = names.filter((name) => (status.nodes[name].role || "stage") === role);
      keyed(list, parts, own, (name) => this.#makeCard(name));
      for (const [name, card] of parts) this.cards.set(name, card);
    }
    for (const name of this.cards.keys()) if (!names.includes(name)) this.cards.delete(name);
    let hasMoved = false;
    for (const card of this.cards.values()) hasMoved = card.update() || hasMoved;
    if (hasMoved || this.drawn !== names.join()) this.#drawWires();
    this.drawn = names.join();
    this.#colourWires();
  }

  #makeCard(name) {
    const card = new Card(this.app, name);
    this.resized.observe(card.element);
    return card;
  }

  /** Draws every wire from its stream's row to its reader's row. */
  #drawWires() {
    const { status } = this.app;
    const frame = this.element.getBoundingClientRect();
    if (!status || frame.width === 0) return;
    const cards = [...this.cards.values()].map(({ element }) => element.getBoundingClientRect().bottom);
    this.wires.setAttribute("width", frame.width);
    this.wires.setAttribute("height", Math.max(0, ...cards) - frame.top + this.element.scrollTop + 80);
    const wanted = new Map(status.edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
    for (const [key, path] of this.paths) {
      if (wanted.has(key)) continue;
      path.remove();
      this.paths.delete(key);
    }
    const used = new Map();
    for (const [key, edge] of wanted) {
      const from = this.cards.get(edge.from.split("/")[0])?.outputs.get(edge.from)?.element;
      const to = this.cards.get(edge.to)?.inputs.get(edge.from)?.element;
      if (!from || !to) continue;
      if (!this.paths.has(key)) {
        this.paths.set(key, document.createElementNS(SVG, "path"));
        this.wires.append(this.paths.get(key));
      }
      const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const start = [a.right + 1 - frame.left, a.top + PORT_PX - frame.top + this.element.scrollTop];
      const end = [b.left - 1 - frame.left, b.top + PORT_PX - frame.top + this.element.scrollTop];
      const passes = this.#passedColumn(edge);
      const bends = passes ? [start, ...this.#gap(passes, frame, start[1], end[1], used), end] : [start, end];
      this.paths.get(key).setAttribute("d", curve(bends));
    }
  }

  /** The column that a wire from a source to a sink goes past, if it has cards. */
  #passedColumn({ from, to }) {
    const role = (name) => this.app.status.nodes[name]?.role;
    const [, stages] = this.columns;
    return role(from.split("/")[0]) === "source" && role(to) === "sink" && stages.parts.size > 0 ? stages : null;
  }

  /** Two points at the column's edges, between two of its cards or beyond them, as near to the straight way as there is. */
  #gap(column, frame, from, to, used) {
    const cards = [...column.parts.values()].map(({ element }) => element.getBoundingClientRect());
    const top = frame.top - this.element.scrollTop;
    const heights = cards.slice(1).map((card, index) => (cards[index].bottom + card.top) / 2 - top);
    heights.push(cards.at(-1).bottom + 12 - top);
    const way = (height) => Math.abs(height - from) + Math.abs(height - to);
    const best = heights.reduce((least, height) => (way(height) < way(least) ? height : least));
    const before = used.get(best) ?? 0;
    used.set(best, before + 1);
    const isLast = best === heights.at(-1);
    // Wires through the same gap lie side by side.
    const height = best + (isLast ? before * 5 : [0, 4, -4, 2, -2][before % 5]);
    return [[cards[0].left - frame.left - 8, height], [cards[0].right - frame.left + 8, height]];
  }

  #colourWires() {
    for (const edge of this.app.status.edges) {
      const path = this.paths.get(`${edge.from} ${edge.to}`);
      if (path) setAttribute(path, "data-tone", edgeTone(edge));
    }
  }
}

/** A line through points that leaves and enters each one level. */
function curve(points) {
  return points.reduce((path, [x, y], index) => {
    if (index === 0) return `M${x} ${y}`;
    const [fromX, fromY] = points[index - 1];
    if (fromY === y) return `${path}L${x} ${y}`;
    const bend = Math.max(20, (x - fromX) / 2);
    return `${path}C${fromX + bend} ${fromY} ${x - bend} ${y} ${x} ${y}`;
  }, "");
}

function edgeTone(edge) {
  if (!(edge.fps > 0)) return "idle";
  return ageTone(edge.age_ms?.p50 ?? 0);
}

/** One node. */
class Card {
  constructor(app, name) {
    this.app = app;
    this.name = name;
    this.inputs = new Map();
    this.outputs = new Map();
    this.lost = new Map();
    this.shape = h("i", { class: "shape" });
    this.state = h("span", { class: "word" });
    this.kind = h("span", { class: "quiet" });
    this.restarts = h("span", { class: "badge", hidden: true });
    this.cpu = figure(5);
    this.memory = figure(7);
    this.error = h("p", { class: "error", hidden: true });
    this.written = h("p", { class: "written quiet", hidden: true });
    this.health = h("p", { class: "written quiet", hidden: true });
    this.ins = h("ul", { class: "ports in" });
    this.outs = h("ul", { class: "ports out" });
    const title = h("a", { class: "title", href: `#/node/${encodeURIComponent(name)}` }, h("strong", {}, name), this.restarts, this.kind);
    this.element = h(
      "article",
      { class: "card" },
      h("header", {}, title),
      h("p", { class: "facts-line" }, h("span", { class: "state" }, this.shape, this.state), h("span", { class: "use" }, this.cpu.element, this.memory.element)),
      this.error,
      this.written,
      this.ins,
      this.health,
      this.outs,
    );
  }

  /** Brings it up to date; returns whether rows came or went, so that wires must be drawn again. */
  update() {
    const { status } = this.app;
    const node = status.nodes[this.name];
    const { word, tone } = stateOf(node);
    setAttribute(this.element, "data-tone", tone);
    setAttribute(this.shape, "data-tone", tone);
    setText(this.state, isResting(node) ? "resting, as asked" : `${word} ${duration((node.state_seconds ?? 0) + this.app.statusAge())}`);
    setText(this.kind, kindOf(node, this.app.settingsOf(this.name)));
    this.restarts.hidden = !node.restarts;
    if (node.restarts) setText(this.restarts, count(node.restarts, "restart"));
    const runs = node.pid !== undefined && node.pid !== null;
    this.cpu.set(runs ? percent(node.cpu) : ["", ""]);
    this.memory.set(runs ? bytes(node.memory_bytes) : ["", ""]);
    setAttribute(this.cpu.element, "title", "share of one core");
    setAttribute(this.memory.element, "title", "memory of its own");
    const error = tone === "good" ? null : node.error;
    const changed = this.error.hidden !== !error;
    this.error.hidden = !error;
    if (error) setText(this.error, brief(error));
    this.element.classList.toggle("longer", Boolean(error) && error.includes("\n"));
    const written = this.app.writtenBy(this.name);
    this.written.hidden = !written;
    if (written) setText(this.written, `${written.file ?? "nothing yet"}: ${bytes(written.bytes).join(" ")}, ${bytes(written.free_bytes).join(" ")} left`);
    const all = status.edges.filter((edge) => edge.to === this.name);
    const ins = all.filter(({ from }) => !from.startsWith(HEALTH));
    const healths = all.length - ins.length;
    this.health.hidden = healths === 0;
    setText(this.health, `and the health of ${count(healths, "node")}`);
    const outs = Object.keys(status.streams).filter((stream) => stream.split("/")[0] === this.name);
    const before = `${[...this.inputs.keys()]} ${[...this.outputs.keys()]}`;
    keyed(this.ins, this.inputs, ins.map((edge) => edge.from).sort(), (stream) => new Input(stream));
    keyed(this.outs, this.outputs, outs.sort(), (stream) => new Output(stream));
    for (const edge of ins) this.inputs.get(edge.from).update(edge);
    for (const stream of outs) this.outputs.get(stream).update(status.streams[stream]);
    return changed || before !== `${[...this.inputs.keys()]} ${[...this.outputs.keys()]}`;
  }
}

/** The end of a wire at its reader: rate, age, and what was lost on the way. */
class Input {
  constructor(stream) {
    this.rate = figure(6);
    this.age = figure(7);
    this.lost = h("span", { class: "badge", hidden: true });
    this.element = h("li", { title: `reads ${stream}` }, h("span", { class: "stream" }, stream), this.rate.element, this.age.element, this.lost);
  }

  update(edge) {
    this.rate.set(rate(edge.fps));
    this.age.set(age(edge.age_ms?.p50), ageTone(edge.age_ms?.p50));
    const lost = drops(edge.dropped);
    const total = lost.reduce((sum, { frames }) => sum + frames, 0);
    this.lost.hidden = total === 0;
    if (total === 0) return;
    const worst = lost.reduce((most, drop) => (drop.frames > most.frames ? drop : most));
    setText(this.lost, `${total} dropped: ${worst.words}`);
    setAttribute(this.lost, "title", lost.map(({ frames, words }) => `${frames} ${words}`).join(", "));
    setAttribute(this.lost, "data-tone", lost.some(({ reason }) => reason === "damaged") ? "bad" : null);
  }
}

/** A stream at the node that makes it. */
class Output {
  constructor(stream) {
    this.rate = figure(6);
    this.age = figure(7);
    this.stream = stream;
    this.more = h("span", { class: "more quiet", hidden: true });
    this.element = h("li", {}, h("span", { class: "stream" }, stream.split("/")[1]), this.rate.element, this.age.element, this.more);
  }

  update(stream) {
    // What nobody reads need not be made.
    const isIdle = !(stream.readers > 0) && !(stream.fps > 0);
    this.rate.set(isIdle ? ["", "unread"] : rate(stream.fps));
    this.age.set(isIdle ? ["", ""] : age(stream.age_ms?.p50), ageTone(stream.age_ms?.p50));
    setAttribute(this.element, "data-unread", stream.readers > 0 ? null : "yes");
    const more = undrawn(stream.carries);
    this.more.hidden = !more;
    setText(this.more, more ?? "");
    setAttribute(this.element, "title", [`makes ${this.stream}`, stream.shape].filter(Boolean).join(", "));
  }
}
