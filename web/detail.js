// Beside the chosen picture: its figures, and what its stages found.

import { figure, h, keyed, setAttribute, setText } from "./dom.js";
import { Ear } from "./ear.js";
import { FieldRows, FieldView } from "./field.js";
import { colorOf, words } from "./results.js";
import { SoundPanel } from "./sound.js";
import { isAmbiguous } from "./tags.js";
import { troubleOf } from "./trouble.js";
import { age, ageTone, bits, brief, fixed, isResting, kindOf, rate } from "./words.js";

/** A tag that is not seen any more stays in the table for so long, pale: rows that come and go cannot be read. */
const LINGER_MS = 1500;
/** Rows of what is no tag. */
const MOST_ROWS = 40;
/** The views of an RGB-D camera, as they are called. */
const VIEWS = { picture: "Picture", depth: "Depth", right: "Right", confidence: "Confidence" };
/** A stage that said nothing for so long has no results. */
const SILENT_MS = 2000;

export class Detail {
  constructor(app) {
    this.app = app;
    this.camera = null;
    this.title = h("h2");
    this.kind = h("p", { class: "quiet" });
    this.way = h("span");
    this.figures = { rate: figure(8), p50: figure(8), p95: figure(8), bits: figure(11) };
    const row = (name, { element }) => h("div", {}, h("dt", {}, name), h("dd", {}, element));
    this.facts = h(
      "dl",
      { class: "facts" },
      row("Rate", this.figures.rate),
      row("Age when drawn, median", this.figures.p50),
      row("95 of 100 below", this.figures.p95),
      row(this.way, this.figures.bits),
    );
    this.stages = h("div", { class: "stages" });
    this.parts = new Map();
    this.hold = h("button", { type: "button", onclick: () => this.app.hold(), title: "Hold the picture (space)" }, "Hold");
    this.sound = h("div");
    const full = h("button", { type: "button", onclick: () => this.app.fullScreen(), title: "Full screen (f)" }, "Full screen");
    const log = h("button", { type: "button", onclick: () => this.app.openNode(this.camera.node), title: "Settings and log (l)" }, "Log");
    this.views = h("div", { class: "actions views", role: "group", "aria-label": "View", hidden: true });
    this.viewButtons = new Map();
    this.back = h("a", { class: "back", href: "#/" }, "All cameras");
    this.element = h(
      "aside",
      { class: "detail", "aria-label": "Chosen camera", hidden: true },
      h("header", {}, h("div", {}, this.title, this.kind), this.back),
      h("div", { class: "actions" }, this.hold, full, log),
      this.views,
      this.sound,
      this.stages,
      this.facts,
    );
  }

  #updateSound() {
    const ear = this.app.earOf(this.camera);
    if (this.panel?.ear !== ear) {
      this.panel = ear && new SoundPanel(ear, this.app);
      this.sound.replaceChildren(...(ear ? [this.panel.element] : []));
    }
    this.panel?.update();
  }

  show(camera) {
    this.camera = camera;
    this.element.hidden = !camera;
    if (camera) this.update();
  }

  update() {
    const { camera, app } = this;
    if (!camera || !app.status) return;
    this.#updateSound();
    const node = app.status.nodes[camera.node];
    const stream = app.status.streams[camera.name];
    setText(this.title, camera.title);
    setText(this.kind, [node ? kindOf(node, app.settingsOf(camera.node)) : "another program", stream?.shape].filter(Boolean).join(", "));
    this.views.hidden = !(camera.views?.length > 1);
    const views = this.views.hidden ? [] : camera.views.filter((view) => Object.hasOwn(VIEWS, view));
    keyed(this.views, this.viewButtons, views, (view) => new ViewButton(this, view));
    for (const button of this.viewButtons.values()) button.update(camera);
    this.back.hidden = app.sights.size < 2;
    const isEar = camera instanceof Ear;
    for (const part of [this.hold, this.stages, this.facts]) part.hidden = isEar;
    if (isEar) return;
    setText(this.hold, camera.isHeld ? "Go on" : "Hold");
    setAttribute(this.hold, "aria-pressed", `${camera.isHeld}`);
    const isLive = !app.isLost && !troubleOf(app, camera);
    const stats = camera.stats(isLive ? 2000 : 0);
    this.figures.rate.set(rate(stats.fps));
    this.figures.p50.set(age(stats.age_ms.p50), ageTone(stats.age_ms.p50));
    this.figures.p95.set(age(stats.age_ms.p95), ageTone(stats.age_ms.p95));
    this.figures.bits.set(bits(stats.bits_per_second));
    setText(this.way, camera.way);
    keyed(this.stages, this.parts, [...camera.stages].sort(), (name) => new Stage(name));
    for (const part of this.parts.values()) part.update(app, camera);
  }
}

/** Shows one view of the chosen camera. */
class ViewButton {
  constructor(detail, view) {
    this.view = view;
    const choose = () => detail.app.setView(detail.camera, view);
    this.element = h("button", { type: "button", onclick: choose, title: "The next view: v" }, VIEWS[view]);
  }

  update(camera) {
    setAttribute(this.element, "aria-pressed", `${camera.view === this.view}`);
  }
}

/** The table of one stage's results. */
class Stage {
  constructor(stream) {
    this.stream = stream;
    this.node = stream.split("/")[0];
    this.rows = new Map();
    this.seen = new Map();
    this.heading = h("span", { class: "quiet" });
    this.body = h("tbody");
    this.note = h("p", { class: "quiet", hidden: true });
    const unit = (name, of) => h("th", { scope: "col" }, name, h("span", { class: "unit" }, of));
    this.table = h(
      "table",
      {},
      h(
        "thead",
        {},
        h("tr", {}, h("th", { scope: "col" }, "id"), unit("x", "m"), unit("y", "m"), unit("z", "m"), unit("yaw", "°"), unit("pitch", "°"), unit("roll", "°")),
      ),
      this.body,
    );
    this.others = h("tbody");
    this.list = h("table", { class: "found", hidden: true }, this.others);
    this.tune = h("a", { class: "tune-link", href: `#/tune/${encodeURIComponent(this.node)}`, hidden: true }, "Tune");
    this.element = h("section", {}, h("h3", {}, this.node, " ", this.heading, this.tune), this.table, this.list, this.note);
    this.field = null;
  }

  update(app, camera) {
    const now = performance.now();
    const heard = camera.found.get(this.stream);
    const isFresh = heard !== undefined && (now - heard.at < SILENT_MS || camera.isHeld || app.isLost);
    const items = isFresh ? heard.items : [];
    const tags = items.filter(({ kind }) => kind === "tag");
    this.#list(items.filter(({ kind }) => kind !== "tag"));
    tags.forEach((item, index) => this.seen.set(`${String(item.id).padStart(6, "0")} ${twins(tags, index)}`, { item, at: now }));
    for (const [key, { at }] of this.seen) if (now - at > LINGER_MS) this.seen.delete(key);
    keyed(this.body, this.rows, [...this.seen.keys()].sort(), () => new Row());
    for (const [key, row] of this.rows) row.update(this.seen.get(key), now);
    const node = app.status.nodes[this.node];
    this.tune.hidden = node?.kind !== "colored_target";
    setText(this.heading, [node ? kindOf(node, app.settingsOf(this.node)) : "another program", isFresh ? rate(app.status.streams[this.stream]?.fps).join(" ") : null].filter(Boolean).join(", "));
    const isEmpty = this.seen.size === 0 && this.list.hidden;
    const none = this.stream.endsWith("/detections") ? "No tag in sight." : "Nothing in this picture.";
    const note = !isFresh ? silenceOf(this.node, node) : isEmpty ? none : null;
    const ground = camera.grounds.get(this.stream);
    this.#stand(ground, isFresh);
    this.table.hidden = !isFresh || this.seen.size === 0;
    this.note.hidden = note === null || (ground !== undefined && isFresh);
    if (note) setText(this.note, note);
  }

  /** The field with the robot, of a stage that tells where it stands. */
  #stand(ground, isFresh) {
    if (!ground) return;
    if (!this.field) {
      this.field = { view: new FieldView(), rows: new FieldRows() };
      this.element.append(this.field.view.element, this.field.rows.element);
    }
    this.field.view.show(ground);
    this.field.rows.update(ground);
    this.field.rows.element.hidden = !isFresh;
  }

  /** What is no tag: a row each, its name and what it says. */
  #list(items) {
    this.list.hidden = items.length === 0;
    const rows = items.slice(0, MOST_ROWS).map((item) => [...words(item), "label" in item ? colorOf(item.label) : null]);
    if (items.length > MOST_ROWS) rows.push(["…", `and ${items.length - MOST_ROWS} more`, null]);
    const shown = JSON.stringify(rows);
    if (this.listed === shown) return;
    this.listed = shown;
    this.others.replaceChildren(...rows.map(([name, text, color]) => {
      const mark = h("i", { class: "mark" });
      if (color) mark.style.background = color;
      return h("tr", {}, h("th", { scope: "row" }, color ? mark : null, name), h("td", {}, text));
    }));
  }
}

/** How many before it have the same id: two tags with one number are two rows. */
function twins(items, index) {
  return items.slice(0, index).filter(({ id }) => id === items[index].id).length;
}

class Row {
  constructor() {
    this.id = h("span");
    this.about = h("span", { class: "about" });
    this.cells = Array.from({ length: 6 }, () => h("td"));
    this.element = h("tr", {}, h("td", {}, this.id, this.about), ...this.cells);
  }

  update({ item, at }, now) {
    const { pose } = item;
    const values = pose
      ? [...pose.t.map((metres) => fixed(metres, 2)), ...[pose.yaw, pose.pitch, pose.roll].map((angle) => fixed(angle, 1))]
      : Array(6).fill("–");
    const about = item.calibrated === false && pose ? "≈" : "";
    setText(this.id, `${item.id}`);
    setText(this.about, about);
    values.forEach((value, index) => setText(this.cells[index], value));
    setAttribute(this.element, "class", now - at > 300 ? "gone" : null);
    setAttribute(this.element, "data-ambiguous", isAmbiguous(item) ? "yes" : null);
    const title = [isAmbiguous(item) ? "ambiguous: another pose fits about as well" : null, about ? "≈ from a guessed calibration" : null];
    setAttribute(this.element, "title", title.filter(Boolean).join("; ") || null);
  }
}

/** Why a stage has no results now. */
function silenceOf(name, node) {
  if (node && isResting(node)) return `${name} rests, as it was asked.`;
  if (!node || node.state === "running") return "No results yet.";
  return `${name} is ${node.state}${node.error ? `: ${brief(node.error)}` : "."}`;
}
