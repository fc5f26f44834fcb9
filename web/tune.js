// The view to tune a `colored_target` stage: the picture, which of its pixels count, and the knobs beside them.

import { around, brightness, hsv, meanOf, widened } from "./colour.js";
import { h, setAttribute, setText } from "./dom.js";
import { GROUPS, Sender, controlOf, groupsOf, keysOf, sentOf, valueOf } from "./knobs.js";
import { bestGrid } from "./live.js";
import { pixelsOf } from "./masks.js";
import { troubleOf } from "./trouble.js";
import { brief, count, duration, fixed, stateOf } from "./words.js";

const KIND = "colored_target";
/** Masks that are remembered until their picture comes. */
const MOST_MASKS = 60;
/** After so long without a mask of the very picture, one of another picture is better than none. */
const LATE_MS = 500;
/** A stage that said nothing for so long has no results. */
const SILENT_MS = 2000;
/** What was changed is in force so soon: before, the settings are not asked for. */
const SETTLED_MS = 700;
const READ_EVERY_MS = 1000;
/** Of a phone's height, for both pictures. */
const PHONE_SHARE = 0.45;
const PHONE = matchMedia("(max-width: 719px)");
const [WHITE, BLACK] = [0xffffffff, 0xff000000];

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

/** The picture and its mask, and the pixel under the pointer. */
class Sight {
  /** `pick(rgb, isMore)`: somebody clicked on a colour. */
  constructor(app, pick) {
    this.app = app;
    this.camera = null;
    this.isBrightness = false;
    this.masks = new Map();
    /** The pointer, as shares of the picture's sides. */
    this.place = null;
    this.picture = new Pane(this);
    this.mask = new Pane(this);
    this.canvas = h("canvas", { role: "img", "aria-label": "Which pixels count" });
    this.mask.element.prepend(this.canvas);
    this.picture.element.addEventListener("click", (event) => this.camera?.last && pick(this.#rgb(this.picture.placeOf(event)), event.shiftKey));
    this.picture.element.classList.add("picture");
    this.probe = h("canvas", { width: 3, height: 3 }).getContext("2d", { willReadFrequently: true });
    this.swatch = h("i");
    this.words = ["where", "colour", "verdict"].map((name) => h("span", { class: name }));
    this.panes = h("div", { class: "panes" }, this.picture.element, this.mask.element);
    this.element = h("div", { class: "sight" }, this.panes, h("p", { class: "pixel" }, this.swatch, ...this.words));
    new ResizeObserver(() => requestAnimationFrame(() => this.fit())).observe(this.panes);
    this.#forget();
    this.#showPixel();
  }

  #forget() {
    this.masks.clear();
    /** The mask that is shown, `{ origin, width, height, pixels }`, and how much of it counts. */
    this.shown = null;
    this.share = NaN;
    /** When a mask came last, was drawn last, and was that of the picture. */
    [this.heardAt, this.drawnAt, this.sameAt] = [-Infinity, -Infinity, performance.now()];
    this.canvas.removeAttribute("data-origin");
    this.canvas.width = 0;
  }

  /** Takes a camera's canvas from its tile, and gives back the one before. */
  look(camera) {
    if (this.camera) {
      this.camera.onDrawn = () => {};
      this.camera.view = this.home.view;
      this.home.element?.prepend(this.camera.canvas);
    }
    this.camera = camera;
    this.place = null;
    this.#forget();
    this.#showPixel();
    if (!camera) return;
    this.home = { element: camera.canvas.parentElement, view: camera.view };
    camera.view = "picture";
    camera.isHeld = false;
    camera.onDrawn = () => this.#drawn();
    this.picture.element.prepend(camera.canvas);
    this.fit();
  }

  /** Makes both as large as the room allows. */
  fit() {
    const { clientWidth: width, clientHeight } = this.panes;
    if (!this.camera || width === 0) return;
    const [wide, high] = this.app.shapeOf(this.camera.name);
    this.fitted = wide / high;
    const large = bestGrid(2, width, PHONE.matches ? innerHeight * PHONE_SHARE : clientHeight, this.fitted);
    const [shownWidth, shownHeight] = [large, Math.floor(large / this.fitted)];
    for (const { element } of [this.picture, this.mask]) {
      element.style.width = `${shownWidth}px`;
      element.style.height = `${shownHeight}px`;
    }
    const ratio = window.devicePixelRatio || 1;
    this.camera.setSize(Math.round(shownWidth * ratio), Math.round(shownHeight * ratio));
    this.app.sizeChanged();
  }

  /** Takes in a mask. */
  hear({ camera, origin, masks }) {
    if (this.camera.isCamera && camera !== this.camera.name) return;
    const mask = Array.isArray(masks) ? masks.find(({ array }) => array === "mask") : undefined;
    if (!mask) return;
    this.heardAt = performance.now();
    this.masks.set(origin, mask);
    if (this.masks.size > MOST_MASKS) this.masks.delete(this.masks.keys().next().value);
    const isSame = this.camera.last?.header.origin === origin;
    if (isSame || this.heardAt - this.drawnAt > LATE_MS) this.#showMask(origin);
  }

  #drawn() {
    this.#showMask(this.camera.last.header.origin);
    this.#showPixel();
  }

  #showMask(origin) {
    const mask = this.masks.get(origin);
    const pixels = mask && this.shown?.origin !== origin ? pixelsOf(mask) : null;
    if (!pixels) return;
    const { width, height } = mask;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    new Uint32Array(image.data.buffer).set(Uint32Array.from(pixels, (inside) => (inside ? WHITE : BLACK)));
    context.putImageData(image, 0, 0);
    this.shown = { origin, width, height, pixels };
    this.share = pixels.reduce((sum, inside) => sum + inside, 0) / pixels.length;
    this.drawnAt = performance.now();
    if (this.camera.last?.header.origin === origin) this.sameAt = this.drawnAt;
    setAttribute(this.canvas, "data-origin", origin);
    this.#showPixel();
  }

  /** The pointer is over one of both; null: over none. */
  point(place) {
    this.place = place;
    this.#showPixel();
  }

  #showPixel() {
    const { place } = this;
    const last = this.camera?.last;
    for (const pane of [this.picture, this.mask]) pane.cross(last ? place : null);
    this.swatch.style.background = "";
    if (!place || !last) {
      [last ? "Point at the picture: here its colour is told." : "", "", ""].forEach((text, index) => setText(this.words[index], text));
      return;
    }
    const rgb = this.#rgb(place);
    const [hue, saturation, value] = hsv(rgb);
    const [x, y] = place.map((share, axis) => Math.floor(share * last.header.source_px[axis]));
    this.swatch.style.background = `rgb(${rgb.join(" ")})`;
    const colour = this.isBrightness ? `brightness ${brightness(rgb)}` : `hue ${hue}  saturation ${saturation}  value ${value}`;
    [`x ${x} y ${y}`, colour, this.#verdict(place)].forEach((text, index) => setText(this.words[index], text));
  }

  #verdict(place) {
    if (!this.shown) return "";
    const { width, height, pixels } = this.shown;
    const [x, y] = [Math.floor(place[0] * width), Math.floor(place[1] * height)];
    return pixels[y * width + x] ? "counts" : "does not count";
  }

  /** The colour at a place, before anything was drawn there: the mean of 3 by 3 pixels. */
  #rgb(place) {
    const { bitmap } = this.camera.last;
    const [x, y] = [bitmap.width, bitmap.height].map((side, axis) => Math.max(0, Math.min(side - 3, Math.floor(place[axis] * side) - 1)));
    this.probe.drawImage(bitmap, x, y, 3, 3, 0, 0, 3, 3);
    return meanOf(this.probe.getImageData(0, 0, 3, 3).data);
  }

  /** Brings words up to date. */
  update(name, node) {
    const { app, camera } = this;
    const [wide, high] = app.shapeOf(camera.name);
    if (this.fitted !== wide / high) this.fit();
    const trouble = app.isLost ? null : troubleOf(app, camera);
    const isAwaited = !trouble && camera.captured === null;
    if (trouble) this.picture.veil("NO LIVE VIDEO", Number.isFinite(trouble.age_ms) ? `last picture ${duration(trouble.age_ms / 1000)} ago` : "no picture yet", trouble.why);
    else if (isAwaited) this.picture.veil("No picture yet");
    else this.picture.veil(null);
    const why = this.#silence(name, node, trouble || app.isLost);
    this.mask.veil(why);
    const isEarlier = this.shown !== null && !why && this.shown.origin !== camera.last?.header.origin && performance.now() - this.sameAt > LATE_MS;
    this.mask.tell(isEarlier && !trouble && !app.isLost ? "of another picture: the stage is slower" : "");
  }

  /** Why there is no mask; null when there is one. `isExplained`: the picture says already why nothing comes. */
  #silence(name, node, isExplained) {
    if (node.changes?.rests) return `${name} rests: it looks at no picture.`;
    const { word, tone } = stateOf(node);
    if (tone !== "good") return `${name}: ${word}${node.error ? `: ${brief(node.error)}` : ""}`;
    if (this.shown === null) return "Waiting for the first mask.";
    const silent = performance.now() - this.heardAt;
    return silent > SILENT_MS && !isExplained && !document.hidden ? `No mask for ${duration(silent / 1000)}.` : null;
  }
}

/** One of both pictures, with a cross where the pointer is. */
class Pane {
  constructor(sight) {
    this.mark = h("i", { class: "cross", hidden: true });
    this.lines = [h("b"), h("span", { class: "since" }), h("span", { class: "why" })];
    this.cover = h("div", { class: "veil", hidden: true }, ...this.lines);
    this.chip = h("div", { class: "held", hidden: true });
    this.element = h("div", { class: "frame" }, this.mark, this.chip, this.cover);
    for (const name of ["pointermove", "pointerdown"]) this.element.addEventListener(name, (event) => sight.point(this.placeOf(event)));
    // A finger that is lifted has pointed at something.
    this.element.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && sight.point(null));
  }

  placeOf({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const share = (part, whole) => Math.min(1 - 1e-9, Math.max(0, part / whole));
    return [share(clientX - left, width), share(clientY - top, height)];
  }

  cross(place) {
    this.mark.hidden = !place;
    if (!place) return;
    this.mark.style.left = `${100 * place[0]}%`;
    this.mark.style.top = `${100 * place[1]}%`;
  }

  /** Covers it with words; null: with none. */
  veil(...words) {
    this.cover.hidden = !words[0];
    this.lines.forEach((line, index) => setText(line, words[index] ?? ""));
  }

  tell(text) {
    this.chip.hidden = !text;
    setText(this.chip, text);
  }
}
