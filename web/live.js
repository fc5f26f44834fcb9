// The first view: every camera as large as the window allows, or one large with what was found in it beside it.

import { Detail } from "./detail.js";
import { figure, h, keyed, setAttribute, setText } from "./dom.js";
import { Ear } from "./ear.js";
import { Legend } from "./legend.js";
import { Chip, EarTile, Meter } from "./sound.js";
import { lastPicture, troubleOf } from "./trouble.js";
import { age, ageTone, bits, rate } from "./words.js";

const GAP = 8;
/** Pictures that are made of others come when they come: older than this they say how old they are. */
const MADE_IS_OLD_MS = 2000;
/** Height of the other pictures beside a large one, at least. */
const LEAST_OTHER_PX = 96;
const PHONE = matchMedia("(max-width: 719px)");

export class Live {
  /** `app`: status, cameras, link; `element`: where the view goes. */
  constructor(app, element) {
    this.app = app;
    this.element = element;
    this.tiles = new Map();
    this.chosen = null;
    this.empty = emptyNote();
    this.detail = new Detail(app);
    element.append(this.empty, this.detail.element);
    new ResizeObserver(() => this.layOut()).observe(element);
    this.sight = new IntersectionObserver((entries) => this.#sighted(entries), { rootMargin: "64px" });
    document.addEventListener("visibilitychange", () => this.watch());
    PHONE.addEventListener("change", () => this.layOut());
  }

  /** The camera that is shown large: the chosen one, or the only one. */
  get shown() {
    const names = [...this.tiles.keys()];
    if (this.chosen && this.tiles.has(this.chosen)) return this.chosen;
    return names.length === 1 ? names[0] : null;
  }

  choose(name) {
    this.chosen = name;
    this.layOut();
  }

  /** Shows the cameras that there are now. */
  setCameras(names) {
    keyed(this.element, this.tiles, names, (name) => this.#makeTile(name));
    this.layOut();
  }

  #makeTile(name) {
    const sight = this.app.sights.get(name);
    const tile = sight instanceof Ear ? new EarTile(sight, this.app) : new Tile(sight, this.app);
    this.sight.observe(tile.element);
    return tile;
  }

  #sighted(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = [...this.tiles.values()].find(({ element }) => element === target);
      if (tile) tile.isInSight = isIntersecting;
    }
    this.watch();
  }

  /** Gives every tile its place. */
  layOut() {
    const { element, shown } = this;
    const names = [...this.tiles.keys()];
    this.empty.hidden = names.length > 0 || !this.app.status;
    this.detail.show(this.app.sights.get(shown) ?? null);
    element.classList.toggle("one", shown !== null);
    element.classList.toggle("alone", names.length === 1);
    names.forEach((name, index) => this.tiles.get(name).setPlace(index + 1, name === shown));
    const [width, height] = [element.clientWidth - 2 * GAP, element.clientHeight - 2 * GAP];
    if (width <= 0) return;
    if (shown) this.#layOutOne(names.length - 1, width, height);
    else element.style.setProperty("--tile", `${bestGrid(names.length, width, height, 16 / 9)}px`);
    for (const tile of this.tiles.values()) tile.fit();
    this.watch();
  }

  /** The shown picture as large as it gets beside the panel; what is left below goes to the others. */
  #layOutOne(others, width, height) {
    const { style } = this.element;
    const [wide, high] = this.app.shapeOf(this.shown);
    const panel = parseFloat(getComputedStyle(this.element).getPropertyValue("--panel"));
    const room = width - panel - GAP;
    if (others === 0) return style.setProperty("--large", `${height}px`);
    const shapes = [...this.tiles.keys()].filter((name) => name !== this.shown).map((name) => this.app.shapeOf(name));
    const widths = shapes.reduce((sum, [itsWidth, itsHeight]) => sum + itsWidth / itsHeight, 0);
    const large = Math.floor(Math.min(height - LEAST_OTHER_PX - GAP, (room * high) / wide));
    const small = Math.floor(Math.min(height - large - GAP, (room - GAP * others) / widths, large / 2));
    style.setProperty("--large", `${large}px`);
    style.setProperty("--small", `${Math.max(LEAST_OTHER_PX, small)}px`);
    return style.setProperty("--others", others);
  }

  /** Tells the server what is in sight. */
  watch() {
    if (this.app.tune?.node) return this.app.tune.watch();
    const isSeen = !document.hidden && !this.element.hidden;
    const tiles = isSeen ? [...this.tiles.values()].filter((tile) => tile.isInSight) : [];
    const sights = tiles.map((tile) => tile.camera);
    this.app.watch(sights.filter((sight) => !(sight instanceof Ear)));
    const ears = sights.map((sight) => [this.app.earOf(sight), sight instanceof Ear || sight.name === this.shown]);
    return this.app.hear(ears.filter(([ear]) => ear));
  }

  /** Brings words and figures up to date: called four times a second. */
  update() {
    for (const tile of this.tiles.values()) tile.update();
    this.detail.update();
  }

  /** Makes the shown picture, or all, stand still or go on; returns whether they stand. */
  hold() {
    const { cameras: all } = this.app;
    const cameras = all.has(this.shown) ? [all.get(this.shown)] : [...all.values()];
    const hold = !cameras.every((camera) => camera.isHeld);
    for (const camera of cameras) camera.isHeld = hold;
    this.update();
    return hold;
  }

  fullScreen() {
    const tile = this.tiles.get(this.shown) ?? this.tiles.values().next().value;
    if (document.fullscreenElement) document.exitFullscreen();
    else tile?.element.requestFullscreen?.().catch(() => {});
  }
}

class Tile {
  constructor(camera, app) {
    this.camera = camera;
    this.app = app;
    // Until the browser says otherwise: the first picture does not wait for that.
    this.isInSight = true;
    this.place = 0;
    this.rate = figure(6);
    this.age = figure(7);
    this.bits = figure(11);
    this.way = h("span", { class: "way" });
    this.key = h("kbd");
    this.why = h("span", { class: "why" });
    this.since = h("strong", { class: "since" });
    this.veilTitle = h("b");
    this.veil = h("div", { class: "veil", hidden: true }, this.veilTitle, this.since, this.why);
    this.held = h("div", { class: "held", hidden: true });
    this.name = h("span", { class: "name" });
    this.legend = new Legend(camera, app);
    this.meter = new Meter("level");
    this.loud = h("span", { class: "loud", hidden: true }, this.meter.element, this.meter.figure.element);
    this.overlay = h("div");
    const strip = h(
      "div",
      { class: "strip" },
      this.key,
      this.name,
      this.loud,
      h("span", { class: "figures" }, this.rate.element, this.age.element, this.bits.element, this.way),
    );
    this.frame = h("div", { class: "frame" }, camera.canvas, this.legend.element, this.legend.tip, this.overlay, this.veil, this.held, strip);
    this.element = h("a", { class: "tile", href: camera.path }, this.frame);
    new ResizeObserver(() => this.fit()).observe(this.element);
    document.addEventListener("fullscreenchange", () => this.fit());
  }

  setPlace(number, isChosen) {
    this.place = number;
    setText(this.key, number <= 9 ? `${number}` : "");
    setAttribute(this.element, "href", isChosen ? "#/" : this.camera.path);
    setAttribute(this.element, "aria-current", isChosen ? "true" : null);
    this.element.classList.toggle("chosen", isChosen);
  }

  /** Makes the picture as large as its tile allows, in the shape in which the camera sends it. */
  fit() {
    const [wide, high] = this.app.shapeOf(this.camera.name);
    const isPhone = PHONE.matches && !document.fullscreenElement;
    const { clientWidth: width, clientHeight } = this.element;
    if (width === 0) return;
    const height = isPhone ? Infinity : clientHeight;
    const scale = Math.min(width / wide, height / high);
    const [shownWidth, shownHeight] = [Math.floor(wide * scale), Math.floor(high * scale)];
    this.frame.style.width = `${shownWidth}px`;
    this.frame.style.height = `${shownHeight}px`;
    const ratio = window.devicePixelRatio || 1;
    this.element.style.setProperty("--shape", wide / high);
    this.fitted = `${wide}x${high}`;
    this.camera.setSize(Math.round(shownWidth * ratio), Math.round(shownHeight * ratio));
    this.app.sizeChanged();
  }

  /** A camera that hears: its level in the strip, and what it hears now over the picture. */
  #updateSound() {
    const ear = this.app.earOf(this.camera);
    this.loud.hidden = !ear;
    if (ear !== this.ear) {
      this.ear = ear;
      this.chip = ear && new Chip(ear, this.app);
      this.overlay.replaceChildren(...(ear ? [this.chip.element] : []));
    }
    if (!ear) return;
    this.meter.update(this.app.isLost || ear.silence() > 3000 ? null : ear.level);
    this.chip.update(false);
  }

  update() {
    const { camera, app } = this;
    if (camera.source && this.fitted !== `${camera.source[0]}x${camera.source[1]}`) this.fit();
    const trouble = app.isLost ? null : troubleOf(app, camera);
    const stats = camera.stats(2000);
    const shownAge = trouble || app.isLost || camera.isHeld ? camera.age() : stats.age_ms.p50;
    this.rate.set(rate(stats.fps));
    this.age.set(age(shownAge), ageTone(shownAge));
    this.bits.set(bits(stats.bits_per_second));
    setText(this.way, camera.way);
    setText(this.name, camera.title);
    this.#updateSound();
    const isAwaited = !trouble && !camera.isCamera && camera.captured === null;
    this.veil.hidden = !trouble && !isAwaited;
    if (isAwaited) {
      setText(this.veilTitle, "No picture yet");
      setText(this.since, `${camera.title} sends one when it has one.`);
      setText(this.why, "");
    } else if (trouble) {
      setText(this.veilTitle, "NO LIVE VIDEO");
      setText(this.since, lastPicture(trouble));
      setText(this.why, trouble.why);
    }
    const word = camera.isHeld ? "held, " : app.isLost ? "not live, " : "";
    const isOld = camera.isHeld || app.isLost || (!camera.isCamera && !trouble && camera.age() > MADE_IS_OLD_MS);
    this.held.hidden = !isOld || camera.captured === null;
    if (!this.held.hidden) setText(this.held, `${word}${age(camera.age()).join(" ")} old`);
    this.legend.update();
    setAttribute(this.element, "data-trouble", trouble ? "yes" : camera.isCamera && shownAge >= 1000 ? "late" : null);
    setAttribute(this.element, "data-lost", app.isLost ? "yes" : null);
    const words = trouble ? `no live video, ${trouble.why}` : camera.isHeld ? "held" : "live";
    setAttribute(camera.canvas, "aria-label", `${camera.title}: ${words}${camera.shownView === "picture" ? "" : `, ${camera.shownView}`}`);
  }
}

/** The width at which `number` pictures of one shape are largest in a grid. */
export function bestGrid(number, width, height, aspect) {
  let best = 0;
  for (let columns = 1; columns <= Math.max(1, number); columns += 1) {
    const rows = Math.ceil(number / columns);
    const byWidth = (width - GAP * (columns - 1)) / columns;
    const byHeight = ((height - GAP * (rows - 1)) / rows) * aspect;
    best = Math.max(best, Math.floor(Math.min(byWidth, byHeight)));
  }
  return best;
}

function emptyNote() {
  return h(
    "div",
    { class: "note", hidden: true },
    h("h1", {}, "No camera yet"),
    h("p", {}, "This pipeline names none. Write one into its file and start it again:"),
    h("pre", {}, "cameras:\n  front: usb:0      # or an address: rtsp://…, http://…\n"),
    h("p", {}, "Nothing plugged in? ", h("code", {}, "front: scene"), " draws a moving one. ", h("code", {}, "bushbaby cameras"), " lists what is there."),
  );
}

