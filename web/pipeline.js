// The second view: who reads whom. Sources, stages, sinks in three columns; each wire ends at its reader with its figures.

import { figure, h, keyed, setAttribute, setText } from "./dom.js";
import { age, ageTone, brief, bytes, count, drops, duration, isResting, kindOf, percent, rate, stateOf, undrawn } from "./words.js";

const ROLES = [
  ["source", "Sources"],
  ["stage", "Stages"],
  ["sink", "Sinks"],
];
/** Streams of this node are the supervisor's words about all nodes: told in one row, as they would hide the others. */
const HEALTH = "_health/";

export class Pipeline {
  constructor(app, element) {
    this.app = app;
    this.element = element;
    this.cards = new Map();
    this.columns = ROLES.map(([role, title]) => {
      const list = h("div", { class: "cards" });
      return { role, list, parts: new Map(), element: h("section", { class: "column", "aria-label": title }, h("h2", {}, title), list) };
    });
    /** Loaded when the view is first shown. */
    this.wires = null;
    element.append(...this.columns.map((column) => column.element));
    this.resized = new ResizeObserver(() => this.wires?.draw());
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
    if (!this.wires) this.#loadWires();
    else if (hasMoved || this.drawn !== names.join()) this.wires.draw();
    this.drawn = names.join();
    this.wires?.colour();
  }

  async #loadWires() {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      const { Wires } = await import("./wires.js");
      this.wires = new Wires(this);
      this.element.prepend(this.wires.element);
      this.wires.draw();
      this.wires.colour();
    } catch {
      // The server is gone: once it is back.
      this.isLoading = false;
    }
  }

  #makeCard(name) {
    const card = new Card(this.app, name);
    this.resized.observe(card.element);
    return card;
  }
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
