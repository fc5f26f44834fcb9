// What one looks at while a stage is tuned: the camera's picture, beside it which of its pixels count, and the pixel under the pointer.

import { brightness, hsv, meanOf } from "./colour.js";
import { h, setAttribute, setText } from "./dom.js";
import { bestGrid } from "./live.js";
import { pixelsOf } from "./masks.js";
import { lastPicture, troubleOf } from "./trouble.js";
import { brief, duration, stateOf } from "./words.js";

/** A stage that said nothing for so long has no results. */
export const SILENT_MS = 2000;
/** Masks that are remembered until their picture comes. */
const MOST_MASKS = 60;
/** After so long without a mask of the very picture, one of another picture is better than none. */
const LATE_MS = 500;
/** Of a phone's height, for both pictures. */
const PHONE_SHARE = 0.45;
const PHONE = matchMedia("(max-width: 719px)");
const [WHITE, BLACK] = [0xffffffff, 0xff000000];

/** The picture and its mask, and the pixel under the pointer. */
export class Sight {
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
    if (trouble) this.picture.veil("NO LIVE VIDEO", lastPicture(trouble), trouble.why);
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
