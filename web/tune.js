// The view to tune a `colored_target` stage: the picture, which of its pixels count, and the knobs beside them.

import { around, widened } from "./colour.js";
import { h, setText } from "./dom.js";
import { GROUPS, Sender, controlOf, groupsOf, keysOf, sentOf, valueOf } from "./knobs.js";
import { SILENT_MS, Sight } from "./sight.js";
import { count, fixed } from "./words.js";

const KIND = "colored_target";
/** What was changed is in force so soon: before, the settings are not asked for. */
const SETTLED_MS = 700;
const READ_EVERY_MS = 1000;

export class Tune {
  constructor(app) {
    this.app = app;
    /** The stage that is tuned; null while the view is closed. */
    this.node = null;
    this.camera = null;
    this.chosen = null;
    /** Keys that were turned here since the status was true. */
    this.touched = new Set();
    this.element = document.getElementById("tune");
    document.head.append(h("link", { rel: "stylesheet", href: "tune.css", onload: () => this.sight.fit() }));
    this.sight = new Sight(app, (rgb, isMore) => this.#pick(rgb, isMore));
    this.#build();
    this.#begin(0);
    addEventListener("keydown", (event) => this.#pressed(event), true);
  }

  #build() {
    this.title = h("h1");
    this.copies = h("span", { class: "quiet" });
    this.select = h("select", { "aria-label": "Picture", hidden: true, onchange: () => this.#choose(this.select.value) });
    const done = h("button", { type: "button", class: "done", onclick: () => this.#leave(), title: "Back (Esc)" }, "Done");
    this.note = h("p", { class: "note", hidden: true });
    this.counts = h("p", { class: "counts" });
    this.why = h("p", { class: "quiet" });
    this.way = h("p", { class: "quiet way" });
    this.controls = new Map();
    this.groups = GROUPS.map(({ title, knobs }, index) => {
      for (const knob of knobs) this.controls.set(knob.key, { knob, control: controlOf(knob, (value) => this.#change({ [knob.key]: sentOf(knob, value) })) });
      return h("section", {}, h("h3", {}, title), ...knobs.map(({ key }) => this.controls.get(key).control.element), index === 0 ? this.way : null);
    });
    this.save = h("button", { type: "button", class: "main", onclick: () => this.#save() }, "Save to the file");
    this.back = h("button", { type: "button", onclick: () => this.#asInFile() }, "As in the file");
    this.answer = h("p", { class: "answer", role: "status" });
    this.knobs = h("div", { class: "knobs" }, this.counts, this.why, ...this.groups, h("footer", {}, this.answer, h("div", { class: "actions" }, this.save, this.back)));
    this.bench = h("div", { class: "bench", hidden: true }, this.sight.element, this.knobs);
    this.element.append(h("header", {}, this.title, this.copies, this.select, done), this.note, this.bench);
  }

  /** Opens the view for a stage; null closes it. */
  show(name) {
    this.element.hidden = name === null;
    if (name === this.node) return;
    this.node = name;
    this.chosen = null;
    this.#begin(0);
    this.#look(null);
    this.update();
  }

  /** From now on the knobs are those of this pipeline: what is under way to another one, or to another stage, still arrives there. */
  #begin(pipeline) {
    const { node: name } = this;
    this.pipeline = pipeline;
    /** The settings in force, as far as known. */
    this.settings = null;
    [this.readKey, this.readAt] = [null, -Infinity];
    this.isSaved = false;
    this.touched.clear();
    /** How often a person turned something, and how often that was refused. */
    [this.turns, this.refusals] = [0, 0];
    const sender = new Sender((settings) => this.#send({ name, pipeline, sender }, settings));
    this.sender = sender;
    this.#say("");
  }

  /** What the server is told to send besides the picture. */
  maskOf(camera) {
    return this.node && camera === this.camera ? `${this.node}/mask` : undefined;
  }

  watch() {
    this.app.watch(this.camera && !document.hidden ? [this.camera] : []);
    this.app.hear([]);
  }

  hear(message) {
    if (this.camera && message.stream === `${this.node}/mask`) this.sight.hear(message);
  }

  /** Brings words and figures up to date: called four times a second. */
  update() {
    const { app, node: name } = this;
    if (!name || !app.status) return;
    const node = app.status.nodes[name];
    const streams = app.status.edges.filter(({ to, from }) => to === name && app.cameras.has(from)).map(({ from }) => from);
    const why = this.#missing(node, streams);
    setText(this.title, `Tune ${name}`);
    const { names, active = 0 } = node?.pipelines ?? {};
    if (active !== this.pipeline) this.#begin(active);
    const copies = name.includes("@") ? `All copies of ${bare(name)} are tuned alike.` : null;
    setText(this.copies, [names ? `Pipeline ${names[active]}.` : null, copies].filter(Boolean).join(" "));
    this.note.hidden = why === null;
    this.bench.hidden = why !== null;
    setText(this.note, why ?? "");
    this.#offer(why === null ? streams : []);
    if (why !== null) return;
    this.sight.update(name, node);
    this.#count();
    this.#read(node);
    this.#allow(node);
  }

  /** Why there is nothing to tune; null where there is. */
  #missing(node, streams) {
    if (!node) return `${this.node} is not in this pipeline.`;
    if (node.kind !== KIND) return `${this.node} is of kind ${node.kind}: only ${KIND} has something to tune here.`;
    return streams.length === 0 ? `${this.node} reads no picture that is shown here.` : null;
  }

  #offer(streams) {
    const key = streams.join();
    if (this.offered !== key) {
      this.offered = key;
      this.select.replaceChildren(...streams.map((stream) => h("option", { value: stream }, this.app.cameras.get(stream).title)));
    }
    this.select.hidden = streams.length < 2;
    const stream = streams.includes(this.chosen) ? this.chosen : streams[0];
    this.#look(this.app.cameras.get(stream) ?? null);
    if (stream) this.select.value = stream;
  }

  #choose(stream) {
    this.chosen = stream;
    this.update();
  }

  #look(camera) {
    if (camera === this.camera) return;
    this.camera = camera;
    this.sight.look(camera);
    this.app.live.watch();
  }

  /** How many targets are seen, and how much of the picture counts. */
  #count() {
    const heard = this.camera.found.get(`${this.node}/targets`);
    const isFresh = heard !== undefined && performance.now() - heard.at < SILENT_MS;
    const targets = isFresh ? count(heard.items.filter(({ kind }) => kind === "target").length, "target") : "– targets";
    setText(this.counts, `${targets}, ${fixed(this.sight.share * 100, 2)} % of the picture counts`);
  }

  /** Asks for the settings in force when they may have changed, unless somebody turns a knob just now. */
  async #read({ pid, changes }) {
    const { node: name, sender, turns } = this;
    const key = JSON.stringify([pid, changes]);
    const now = performance.now();
    if (key === this.readKey || now - this.readAt < READ_EVERY_MS || !sender.isQuiet(SETTLED_MS)) return;
    this.readAt = now;
    const { answer, error } = await this.app.get(`api/settings/${encodeURIComponent(name)}`);
    // They were changed since.
    if (sender !== this.sender || turns !== this.turns || sender.isBusy) return;
    if (error) return this.#say(error, true);
    this.readKey = key;
    this.settings = answer;
    this.touched.clear();
    this.isSaved = false;
    this.#turn();
  }

  /** Turns the knobs to where the settings are. */
  #turn() {
    const { settings } = this;
    const keys = keysOf(settings);
    this.controls.get("group").control.offer(groupsOf(settings));
    for (const [key, { knob, control }] of this.controls) {
      control.element.hidden = !keys.includes(key);
      const value = valueOf(knob, settings);
      if (JSON.stringify(value) !== JSON.stringify(control.value)) control.show(value);
    }
    const [from, to] = valueOf(this.controls.get("hue").knob, settings);
    this.groups[0].style.setProperty("--colour", `hsl(${2 * from + ((to - from + 180) % 180)} 100% 50%)`);
    this.sight.isBrightness = keys.includes("brightness");
    setText(this.way, this.sight.isBrightness
      ? "By brightness. To go by colour: in the file, hue, saturation and value in place of brightness."
      : "By colour. To go by brightness alone: in the file, brightness in place of hue, saturation and value.");
  }

  /** Who may act, and what there is to save or to take back. */
  #allow(node) {
    const { hello } = this.app;
    this.mayAct = hello?.may_act !== false || hello.has_password;
    setText(this.why, this.mayAct ? "A click on the picture takes its colour, Shift + click adds it." : "From another machine one can only look: this page has no password.");
    for (const { control } of this.controls.values()) control.disable(!this.mayAct || this.settings === null);
    const isChanged = this.#changed(node).length > 0;
    this.save.disabled = !this.mayAct || !isChanged || this.isSaved || this.isSaving;
    this.back.disabled = !this.mayAct || !isChanged;
  }

  /** Keys whose values are not those of the file. */
  #changed(node = this.app.status.nodes[this.node]) {
    return [...new Set([...Object.keys(node?.changes?.tuned?.[this.pipeline] ?? {}), ...this.touched])];
  }

  #pick(rgb, isMore) {
    if (!this.mayAct || !this.settings) return;
    const limits = () => {
      const shown = keysOf(this.settings).filter((key) => ["hue", "saturation", "value", "brightness"].includes(key));
      return Object.fromEntries(shown.map((key) => [key, valueOf(this.controls.get(key).knob, this.settings)]));
    };
    this.#change(isMore ? widened(limits(), rgb) : around(rgb, this.sight.isBrightness));
  }

  /** Takes over what a person chose, `{ key: value }`. */
  #change(settings) {
    if (Object.keys(settings).length === 0) return;
    this.settings = { ...this.settings, ...settings };
    for (const key of Object.keys(settings)) this.touched.add(key);
    this.turns += 1;
    this.isSaved = false;
    this.#say("");
    this.#turn();
    this.sender.put(settings);
    this.update();
  }

  async #send({ name, pipeline, sender }, settings) {
    const { error } = await this.app.act(`api/tune/${encodeURIComponent(bare(name))}`, { pipeline, settings });
    if (!error || sender !== this.sender) return;
    this.refusals += 1;
    // The knobs go back to what is in force.
    for (const key of Object.keys(settings)) this.touched.delete(key);
    this.readKey = null;
    this.#say(error, true);
  }

  async #asInFile() {
    const { sender } = this;
    sender.put(Object.fromEntries(this.#changed().map((key) => [key, null])));
    this.touched.clear();
    this.turns += 1;
    this.isSaved = false;
    this.#say("");
    await sender.running;
    if (sender !== this.sender) return;
    this.readKey = null;
    this.update();
  }

  async #save() {
    const { node: name, pipeline, sender, turns, refusals } = this;
    this.isSaving = true;
    this.update();
    // What was turned last is saved too.
    await sender.running;
    const isRefused = sender === this.sender && refusals !== this.refusals;
    const { answer, error } = isRefused ? {} : await this.app.act(`api/save/${encodeURIComponent(bare(name))}`, { pipeline });
    this.isSaving = false;
    if (isRefused || sender !== this.sender) return this.update();
    if (!error && turns === this.turns) {
      this.isSaved = true;
      this.touched.clear();
    }
    this.#say(error ?? `Saved to ${answer.file.split("/").at(-1)}.`, Boolean(error));
    return this.update();
  }

  #say(text, isError = false) {
    setText(this.answer, text);
    this.answer.classList.toggle("error", isError);
  }

  #leave() {
    const [address, before] = this.app.cameFrom ?? ["#/", "#/"];
    this.app.before = before;
    location.hash = address;
  }

  /** Goes first: what is typed into a control means nothing else, and some keys of the page have no meaning here. */
  #pressed(event) {
    if (!this.node || this.app.drawer.name || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { Escape: () => this.#leave(), l: () => this.app.openNode(this.node), f: null, v: null, h: null, " ": null };
    const isTyped = event.target.closest("input, select") && event.key !== "Escape";
    if (!isTyped && !(event.key in act)) return;
    event.stopImmediatePropagation();
    if (!isTyped) act[event.key]?.();
  }
}

/** The node as the file has it: without the name of a copy. */
function bare(name) {
  return name.split("@")[0];
}
