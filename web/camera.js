// One camera on the page: takes its pictures, waits shortly for what was found in them, draws both together.

import { Ground, placeOf } from "./field.js";
import { Overlay } from "./overlay.js";
import { calibrationOf } from "./projection.js";
import { itemsOf } from "./results.js";

/** A picture waits this long for its results, then it is drawn without. */
const WAIT_MS = 30;
/** Results that are remembered until their picture comes. */
const MOST_RESULTS = 120;
/** A stage that said nothing for so long is not waited for. */
const STAGE_SILENCE_MS = 1000;
/** After so many waits in vain the next ones are left out for a while: the stage is slower than that. */
const VAIN_WAITS = 8;
const VAIN_PAUSE_MS = 1000;
/** Figures are of this stretch of time. */
const WINDOW_MS = 10000;

export class Camera {
  /** `name`: its stream. `link`: for the clock and to ask for the next picture. */
  constructor(name, link) {
    this.name = name;
    this.node = name.split("/")[0];
    /** What people call it. */
    this.title = this.node;
    /** Whether silence is a fault. What stages and other programs make comes when it comes. */
    this.isCamera = true;
    this.link = link;
    /** Which view is asked for, which are there, and, of the picture that is shown, which it is and what its colours mean. */
    this.view = "picture";
    this.views = ["picture"];
    this.shownView = "picture";
    this.legend = null;
    /** As what its pictures come. */
    this.way = "JPEG";
    /** Why its frames make no picture. */
    this.trouble = null;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.overlay = new Overlay();
    /** Streams whose results belong into the pictures. */
    this.stages = new Set();
    /** The newest results by stream, for the table beside the picture. */
    this.found = new Map();
    /** By stream: where a robot stands on its field. */
    this.grounds = new Map();
    this.isHeld = false;
    this.source = null;
    this.captured = null;
    /** When the first picture was drawn, in ms since the page was opened. */
    this.firstDrawnAt = null;
    this.sent = null;
    this.watchedSince = 0;
    this.samples = [];
    this.results = new Map();
    this.waiting = null;
    this.vain = 0;
    this.vainUntil = 0;
    /** Called after each picture. */
    this.onDrawn = () => {};
  }

  /** Takes in what the server says it is. */
  tell({ name, is_camera: isCamera, results }) {
    this.title = name;
    this.isCamera = isCamera;
    this.stages = new Set(results);
  }

  /** The address of its view on the page. */
  get path() {
    return `#/${encodeURIComponent(this.title)}`;
  }

  /** Whether a result is about pictures of this camera, as far as its stream says. */
  wants({ stream, camera }) {
    return this.stages.has(stream) && (!this.isCamera || camera === this.name);
  }

  /** Sets the size of the picture in the page's own pixels. */
  setSize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.last) this.#paint(this.last.bitmap, this.last.header, this.last.items);
  }

  /** Takes in a result. */
  hear(message) {
    const now = performance.now();
    const of = this.results.get(message.origin) ?? new Map();
    of.set(message.stream, itemsOf(message));
    this.results.set(message.origin, of);
    if (this.results.size > MOST_RESULTS) this.results.delete(this.results.keys().next().value);
    if (!this.isHeld) {
      this.found.set(message.stream, { items: of.get(message.stream), at: now });
      this.#stand(message, now);
    }
    if (this.waiting?.header.origin === message.origin) {
      if (this.#isComplete(message.origin)) this.#show();
    } else if (this.last?.header.origin === message.origin) this.#addLate(message.origin);
  }

  /** Takes in where a robot stands. */
  #stand({ stream, body }, now) {
    const place = placeOf(body);
    if (!place) return;
    if (!this.grounds.has(stream)) this.grounds.set(stream, new Ground());
    this.grounds.get(stream).take(place, now);
  }

  /** The picture could not wait, but it is still the one that is shown: what was found in it still belongs there. */
  #addLate(origin) {
    const { bitmap, header } = this.last;
    this.last.items = this.#itemsOf(origin);
    this.#paint(bitmap, header, this.last.items);
  }

  #itemsOf(origin) {
    return [...(this.results.get(origin)?.values() ?? [])].flat();
  }

  /** The camera sent this one, whether or not it is drawn. */
  isSent({ sent_ms: sent }) {
    this.sent = sent;
  }

  /** Takes in a picture. */
  async take(header, jpeg) {
    const arrived = performance.now();
    this.isSent(header);
    let bitmap = null;
    try {
      bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    } catch {
      this.link.send({ type: "taken", camera: this.name });
      return;
    }
    this.link.send({ type: "taken", camera: this.name });
    this.way = "JPEG";
    this.#arrived({ header, bitmap, bytes: jpeg.length }, arrived);
  }

  /** Takes in a picture that came as H.264. */
  takeVideo(header, bitmap) {
    this.way = "H.264";
    this.#arrived({ header, bitmap, bytes: header.bytes }, performance.now());
  }

  #arrived({ header, bitmap, bytes }, arrived) {
    this.trouble = null;
    this.views = header.views ?? this.views;
    if (this.isHeld) return bitmap.close();
    header.calibration = calibrationOf(header.calibration);
    // The one before waited long enough: now there is a newer one.
    if (this.waiting) this.#show();
    this.waiting = { header, bitmap, bytes, timer: 0 };
    const wait = WAIT_MS - (performance.now() - arrived);
    if (wait <= 0 || this.#isComplete(header.origin) || arrived < this.vainUntil) return this.#show();
    this.waiting.timer = setTimeout(() => {
      this.vain += 1;
      if (this.vain >= VAIN_WAITS) this.vainUntil = performance.now() + VAIN_PAUSE_MS;
      this.#show();
    }, wait);
  }

  /** Whether every stage that speaks has spoken about this frame. */
  #isComplete(origin) {
    const now = performance.now();
    const heard = this.results.get(origin);
    for (const stream of this.stages) {
      const isSpeaking = now - (this.found.get(stream)?.at ?? -Infinity) < STAGE_SILENCE_MS;
      if (isSpeaking && !heard?.has(stream)) return false;
    }
    return true;
  }

  #show() {
    const { header, bitmap, bytes, timer } = this.waiting;
    clearTimeout(timer);
    this.waiting = null;
    const heard = this.results.get(header.origin);
    if (heard) this.vain = 0;
    const items = this.#itemsOf(header.origin);
    this.#paint(bitmap, header, items);
    this.last?.bitmap.close();
    this.last = { bitmap, header, items };
    this.source = header.source_px;
    this.shownView = header.view ?? "picture";
    this.legend = header.legend ?? null;
    this.captured = header.captured_ms;
    const now = performance.now();
    this.firstDrawnAt ??= now;
    this.samples.push({ at: now, age: this.link.now() - header.captured_ms, bytes, results: Boolean(heard) });
    while (this.samples[0].at < now - WINDOW_MS) this.samples.shift();
    this.onDrawn(this);
  }

  #paint(bitmap, header, items) {
    const { width, height } = this.canvas;
    this.context.drawImage(bitmap, 0, 0, width, height);
    // What was found is in pixels of the left view.
    if (items.length === 0 || header.view === "right") return;
    this.overlay.draw(this.context, {
      size: [width, height],
      source: header.source_px,
      ratio: Math.max(1, window.devicePixelRatio || 1),
      items,
      calibration: header.calibration,
      now: performance.now(),
    });
  }

  /** What is drawn now: the frame's origin, its size, and what was found in it. */
  shown() {
    const { header, items } = this.last ?? {};
    return header ? { origin: header.origin, source_px: header.source_px, items } : null;
  }

  /** How long ago the picture that is shown was taken, in ms; NaN while that is not known. */
  age() {
    return this.captured === null ? NaN : this.link.now() - this.captured;
  }

  /** How long ago the camera sent the newest picture that came here, in ms. */
  silence() {
    return this.sent === null ? Infinity : this.link.now() - this.sent;
  }

  /** Figures of the last `ms` milliseconds, measured when drawn. */
  stats(ms = WINDOW_MS) {
    const now = performance.now();
    const recent = this.samples.filter(({ at }) => at >= now - ms);
    const ages = recent.map(({ age }) => age).sort((a, b) => a - b);
    const at = (share) => ages[Math.min(ages.length - 1, Math.floor(ages.length * share))] ?? NaN;
    const span = recent.length > 1 ? (recent.at(-1).at - recent[0].at) / 1000 : NaN;
    const bytes = recent.slice(1).reduce((sum, sample) => sum + sample.bytes, 0);
    return {
      fps: recent.length > 1 ? (recent.length - 1) / span : 0,
      age_ms: { p50: at(0.5), p95: at(0.95) },
      bits_per_second: recent.length > 1 ? (bytes * 8) / span : 0,
      drawn: recent.length,
      with_results: recent.filter(({ results }) => results).length,
      way: this.way,
      size_px: [this.canvas.width, this.canvas.height],
      source_px: this.source,
      first_ms: this.firstDrawnAt,
    };
  }
}
