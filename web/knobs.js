// The knobs of a `colored_target` stage: their table, what their numbers mean, and the controls themselves.

import { h, setAttribute } from "./dom.js";

/** A slider has so many places where its numbers are not evenly spread. */
const PLACES = 200;
/** No number of the stage is larger. */
const LARGEST = 1e6;
/** A stage is told so often at most, in ms. */
const SEND_EVERY_MS = 200;

const byte = { kind: "range", least: 0, most: 255, step: 1, isTinted: true };
const percent = { kind: "range", least: 0, most: 100, step: 0.1, unit: "%" };
const choice = (words) => ({ kind: "choice", words });

/**
 * The knobs in groups. `initial`: where the settings leave the key out. `bend`: the numbers of the slider are spread as its power, for
 * those of which the small ones matter. `limit`: what the boxes take, where that is more than the slider.
 */
export const GROUPS = [
  {
    title: "Which pixels",
    knobs: [
      { key: "hue", title: "Hue", hint: "red 0, yellow 30, green 60, blue 120; from > to goes through 0", ...byte, most: 179, goesRound: true, initial: [50, 100] },
      { key: "saturation", title: "Saturation", hint: "from grey to pure colour", ...byte, initial: [100, 255] },
      { key: "value", title: "Value", hint: "the brightest of red, green and blue", ...byte, initial: [120, 255] },
      { key: "brightness", title: "Brightness", hint: "whatever the colour", ...byte, initial: [0, 255] },
    ],
  },
  {
    title: "Which shapes",
    knobs: [
      { key: "area", title: "Area", hint: "how much of the picture a shape covers", ...percent, step: 0.00001, bend: 3, initial: [0.02, 100] },
      { key: "fullness", title: "Fullness", hint: "how much of the smallest rectangle around it a shape fills", ...percent, initial: [0, 100] },
      { key: "aspect", title: "Aspect", hint: "width of that rectangle divided by its height", kind: "range", least: 0, most: 20, limit: LARGEST, step: 0.0005, bend: 2, initial: [0, 20] },
      { key: "angle", title: "Angle", hint: "how far that rectangle is turned counter-clockwise", kind: "range", least: -45, most: 45, step: 0.5, unit: "°", isAngle: true, initial: [-45, 45] },
      { key: "convexity", title: "Convexity", hint: "how much of its convex hull a shape fills: less where it has notches", ...percent, initial: [0, 100] },
    ],
  },
  {
    title: "Which targets",
    knobs: [
      { key: "group", title: "Shapes", hint: "how many make a target", ...choice({ auto: "as the model has", single: "one", pair: "a pair", several: "several" }), initial: "auto" },
      { key: "meeting", title: "Meeting", hint: "on which side the long axes of a pair meet", ...choice({ up: "above  / \\", down: "below  \\ /", left: "on the left", right: "on the right", anywhere: "anywhere" }), initial: "up" },
      { key: "max_gap", title: "Largest gap", hint: "between two shapes, in lengths of the longer one", kind: "number", least: 0, most: 10, limit: LARGEST, step: 0.1, initial: 2.5 },
      { key: "sort", title: "First", hint: "which target comes first", ...choice(Object.fromEntries(["largest", "smallest", "highest", "lowest", "leftmost", "rightmost", "central"].map((word) => [word, word]))), initial: "largest" },
      { key: "aim", title: "Aim at", hint: "the place of a target that yaw and pitch are of", ...choice({ middle: "its middle", top: "its upper side", bottom: "its lower side", left: "its left side", right: "its right side" }), initial: "middle" },
    ],
  },
];

const PIXELS = new Set(["hue", "saturation", "value"]);
/** How targets of the built-in models may be grouped: other groups the stage refuses. */
const GROUPED = { __proto__: null, tape2019: ["auto", "pair", "several"], port2020: ["auto", "single"], hub2022: ["auto", "several"] };

// Pure.

/** What a knob shows for settings: their value, as a number or numbers where it is one; else where it begins. */
export function valueOf(knob, settings) {
  const told = settings[knob.key] ?? knob.initial;
  if (knob.kind === "choice") return told;
  const value = knob.isAngle ? told.map(degrees) : told;
  // A variable of the file (`$LOW`) is known to the stage alone.
  return [value].flat().every(Number.isFinite) ? value : knob.initial;
}

/** The form in which a value is sent. */
export function sentOf(knob, value) {
  return knob.isAngle ? value.map((angle) => `${angle}deg`) : value;
}

function degrees(angle) {
  const number = parseFloat(angle);
  return /rad\s*$/.test(`${angle}`) ? (number * 180) / Math.PI : number;
}

/** Where on its slider a number stands. */
export function placeOf({ least, most, step, bend }, number) {
  const share = (Math.min(most, Math.max(least, number)) - least) / (most - least);
  return bend ? Math.round(PLACES * share ** (1 / bend)) : least + Math.round((share * (most - least)) / step) * step;
}

/** The number at a place of a slider. */
export function numberAt({ least, most, step, bend }, place) {
  const number = bend ? least + (most - least) * (place / PLACES) ** bend : place;
  // Three digits are enough where numbers are not evenly spread; with fewer, a key would not move it.
  return tidy(Number(bend && Math.abs(number) < most ? number.toPrecision(3) : number), step);
}

/** A multiple of a step, without the noise of binary fractions. */
function tidy(number, step) {
  return Number((Math.round(number / step) * step).toFixed(6));
}

/** A number that a box may say, within the knob's limits; `null` when it is none. */
export function allowed({ least, most, limit = most, step }, number) {
  if (!Number.isFinite(number)) return null;
  return Math.min(limit, Math.max(least, step === 1 ? Math.round(number) : number));
}

/** A range with one end moved: only hues go round, of all others the end stops at the other one. */
export function moved({ goesRound }, range, end, number) {
  const [from, to] = range;
  if (end === 0) return [goesRound ? number : Math.min(number, to), to];
  return [from, goesRound ? number : Math.max(number, from)];
}

/** Keys of the knobs that mean something with these settings. */
export function keysOf(settings) {
  const isBrightness = "brightness" in settings;
  const { group = "auto", model } = settings;
  const isOneShape = group === "single" || (group === "auto" && (model === undefined || model === "port2020"));
  const isPair = group === "pair" || (group === "auto" && !isOneShape && model !== "hub2022");
  const means = (key) => {
    if (key === "brightness") return isBrightness;
    if (PIXELS.has(key)) return !isBrightness;
    if (key === "meeting") return isPair;
    return key !== "max_gap" || !isOneShape;
  };
  return GROUPS.flatMap(({ knobs }) => knobs.map(({ key }) => key)).filter(means);
}

/** The groups that a model allows. */
export function groupsOf({ model, group = "auto" }) {
  if (model === undefined) return ["auto", "single", "pair", "several"];
  const fitting = GROUPED[model] ?? ["auto"];
  return fitting.includes(group) ? fitting : [...fitting, group];
}

/** Tells a stage its new settings: not too often, one at a time, the last always. `send(settings)` returns a promise. */
export class Sender {
  constructor(send, clock = { now: () => performance.now(), after: (ms, then) => setTimeout(then, ms) }) {
    this.send = send;
    this.clock = clock;
    this.waiting = null;
    this.isBusy = false;
    /** When it last began to send, and when it last was done. */
    this.beganAt = -Infinity;
    this.doneAt = -Infinity;
    /** Kept when all is sent. */
    this.running = Promise.resolve();
  }

  /** Nothing is under way, nor was within the last `ms`. */
  isQuiet(ms) {
    return !this.isBusy && this.clock.now() - this.doneAt >= ms;
  }

  put(settings) {
    this.waiting = { ...this.waiting, ...settings };
    if (!this.isBusy) this.running = this.#run();
  }

  async #run() {
    this.isBusy = true;
    try {
      while (this.waiting) {
        const rest = this.beganAt + SEND_EVERY_MS - this.clock.now();
        if (rest > 0) await new Promise((then) => this.clock.after(rest, then));
        const settings = this.waiting;
        this.waiting = null;
        this.beganAt = this.clock.now();
        await this.send(settings);
      }
    } finally {
      this.isBusy = false;
      this.doneAt = this.clock.now();
    }
  }
}

// The controls. Each has `element`, `show(value)`, `value` and `disable(isDisabled)`, and tells `turned(value)` what a person chose.

/** The control of a knob. */
export function controlOf(knob, turned) {
  if (knob.kind === "choice") return new Choice(knob, turned);
  return knob.kind === "range" ? new Range(knob, turned) : new Single(knob, turned);
}

function box(knob, label, changed) {
  const { least, most, limit = most, step } = knob;
  return h("input", { type: "number", min: least, max: limit, step: step === 1 ? 1 : "any", "aria-label": label, onchange: changed });
}

function slider(knob, label, changed) {
  const { least, most, step, bend } = knob;
  const ends = bend ? { min: 0, max: PLACES, step: 1 } : { min: least, max: most, step };
  return h("input", { type: "range", ...ends, "aria-label": label, oninput: changed });
}

function framed(knob, ...controls) {
  const title = h("span", { class: "title" }, knob.title, knob.unit ? h("span", { class: "unit" }, knob.unit) : null);
  return h("div", { class: "knob", title: knob.hint, role: "group", "aria-label": knob.title, "data-key": knob.key }, title, ...controls);
}

/** Two ends on one line, and a box for each. */
class Range {
  constructor(knob, turned) {
    this.knob = knob;
    this.turned = turned;
    const names = [`${knob.title}, from`, `${knob.title}, to`];
    this.sliders = names.map((name, end) => slider(knob, name, () => this.#turn(end, numberAt(knob, Number(this.sliders[end].value)))));
    this.boxes = names.map((name, end) => box(knob, name, () => this.#turn(end, allowed(knob, parseFloat(this.boxes[end].value)))));
    this.track = h("div", { class: knob.isTinted ? "track tinted" : "track" }, h("i"));
    this.element = framed(knob, this.boxes[0], h("div", { class: "ends" }, this.track, ...this.sliders), this.boxes[1]);
  }

  #turn(end, number) {
    this.show(number === null ? this.value : moved(this.knob, this.value, end, number));
    if (number !== null) this.turned(this.value);
  }

  show(value) {
    const { knob } = this;
    this.value = value;
    const places = value.map((number) => placeOf(knob, number));
    value.forEach((number, end) => {
      this.sliders[end].value = places[end];
      setAttribute(this.sliders[end], "aria-valuetext", `${number}${knob.unit ?? ""}`);
      this.boxes[end].value = number;
    });
    const { min, max } = this.sliders[0];
    const shares = places.map((place) => (100 * (place - min)) / (max - min));
    const isRound = shares[0] > shares[1];
    this.track.classList.toggle("round", isRound);
    this.track.style.setProperty("--from", `${Math.min(...shares)}%`);
    this.track.style.setProperty("--to", `${Math.max(...shares)}%`);
    // Where both are at the right end, the left one must be within reach.
    this.sliders[0].classList.toggle("above", shares[0] > 50);
  }

  disable(isDisabled) {
    for (const input of [...this.sliders, ...this.boxes]) input.disabled = isDisabled;
  }
}

/** One number on a line, and its box. */
class Single {
  constructor(knob, turned) {
    this.turned = turned;
    this.knob = knob;
    this.slider = slider(knob, knob.title, () => this.#turn(numberAt(knob, Number(this.slider.value))));
    this.box = box(knob, `${knob.title}, in numbers`, () => this.#turn(allowed(knob, parseFloat(this.box.value))));
    this.track = h("div", { class: "track" }, h("i"));
    this.element = framed(knob, h("div", { class: "ends" }, this.track, this.slider), this.box);
  }

  #turn(number) {
    this.show(number ?? this.value);
    if (number !== null) this.turned(this.value);
  }

  show(value) {
    this.value = value;
    this.slider.value = placeOf(this.knob, value);
    const { min, max } = this.slider;
    this.track.style.setProperty("--from", "0%");
    this.track.style.setProperty("--to", `${(100 * (this.slider.value - min)) / (max - min)}%`);
    this.box.value = value;
  }

  disable(isDisabled) {
    this.slider.disabled = isDisabled;
    this.box.disabled = isDisabled;
  }
}

class Choice {
  constructor(knob, turned) {
    this.words = knob.words;
    this.select = h("select", { "aria-label": knob.title, onchange: () => turned((this.value = this.select.value)) });
    this.element = framed(knob, this.select);
    this.offer(Object.keys(knob.words));
  }

  /** Which words there are to choose. */
  offer(words) {
    const key = words.join();
    if (this.offered === key) return;
    this.offered = key;
    this.select.replaceChildren(...words.map((word) => h("option", { value: word }, this.words[word])));
    if (this.value) this.select.value = this.value;
  }

  show(value) {
    this.value = value;
    this.select.value = value;
  }

  disable(isDisabled) {
    this.select.disabled = isDisabled;
  }
}
