// One source of sound on the page: how loud it is, what is heard in it, and the columns of its running spectrogram.

/** Columns that are shown: thirty seconds. */
const COLUMNS = 600;
/** The darkest and the brightest level are found again so often, in columns. */
const RANGE_EVERY = 20;
/** What lies so far above the room is bright, in steps of the bytes (2.3 to a dB). */
const LEAST_SPAN = 84;
/** Colours from the room's level to the loudest. */
const STOPS = [[12, 12, 11], [58, 38, 24], [150, 84, 18], [245, 165, 36], [255, 240, 205]];
const SHADES = Uint32Array.from({ length: 256 }, (_, level) => {
  const at = (level / 256) * (STOPS.length - 1);
  const [low, high] = [STOPS[Math.floor(at)], STOPS[Math.floor(at) + 1]];
  const [r, g, b] = low.map((part, index) => Math.round(part + (high[index] - part) * (at % 1)));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
});
const MARK = 0xff_ff_ff_ff;

export class Ear {
  /** `name`: its stream. `link`: for the clock. */
  constructor(name, link) {
    this.name = name;
    this.node = name.split("/")[0];
    this.title = this.node;
    this.isCamera = true;
    this.picture = null;
    this.results = new Set();
    this.link = link;
    this.watchedSince = 0;
    this.trouble = null;
    /** `{ rms, peak, floor }` in dBFS; null while it is not known. */
    this.level = null;
    this.scores = {};
    this.rateHz = null;
    this.channels = null;
    this.told = null;
    /** Events on the time line: `[from, to]` in ms of the server's clock, drawn at the top. */
    this.spans = [];
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.bands = 0;
    this.range = [0, 255];
  }

  /** Takes in what the server says it is. */
  tell({ name, is_source: isSource, picture, results }) {
    this.title = name;
    this.isCamera = isSource;
    this.picture = picture ?? null;
    this.results = new Set(results);
  }

  get path() {
    return `#/${encodeURIComponent(this.title)}`;
  }

  /** Takes in how loud it is and what is heard. */
  take({ level, scores = {}, rate_hz: rateHz, channels, trouble = null }) {
    this.level = level ? { rms: level.rms_dbfs, peak: level.peak_dbfs, floor: level.floor_dbfs ?? NaN } : null;
    this.scores = scores;
    this.trouble = trouble;
    if (rateHz) [this.rateHz, this.channels] = [rateHz, channels];
    if (level) this.told = this.link.now();
  }

  /** How long ago its level came, in ms. */
  age() {
    return this.told === null ? NaN : this.link.now() - this.told;
  }

  silence() {
    return this.told === null ? Infinity : this.age();
  }

  /** Takes in columns of the spectrogram, lowest band first. */
  draw({ column: first, column_ms: columnMs, bands }, bytes) {
    // Another form, a long pause, or a server that began anew.
    if (bands !== this.bands || Math.abs(first - this.last) > COLUMNS) this.#begin(bands, columnMs);
    const count = Math.floor(bytes.length / bands);
    // What was missed stays dark.
    for (let number = Math.max(this.last + 1, first - COLUMNS); number < first; number += 1) this.#column(number).fill(0);
    for (let index = 0; index < count; index += 1) this.#column(first + index).set(bytes.subarray(index * bands, (index + 1) * bands));
    this.last = first + count - 1;
    this.drawn += count;
    if (this.drawn >= this.ranged + RANGE_EVERY || this.ranged === 0) this.#findRange();
    this.paint();
  }

  #begin(bands, columnMs) {
    [this.bands, this.columnMs] = [bands, columnMs];
    [this.canvas.width, this.canvas.height] = [COLUMNS, bands];
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.image = this.context.createImageData(COLUMNS, bands);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.levels = new Uint8Array(COLUMNS * bands);
    [this.last, this.drawn, this.ranged] = [-Infinity, 0, 0];
  }

  #column(number) {
    const at = (((number % COLUMNS) + COLUMNS) % COLUMNS) * this.bands;
    return this.levels.subarray(at, at + this.bands);
  }

  /** From the room's level, which most of the picture has, to the loudest but for few. */
  #findRange() {
    this.ranged = this.drawn;
    const counts = new Uint32Array(256);
    for (const level of this.levels) counts[level] += 1;
    counts[0] = 0;
    const all = counts.reduce((sum, count) => sum + count, 0);
    const share = (wanted) => {
      let sum = 0;
      return counts.findIndex((count) => (sum += count) >= all * wanted);
    };
    const low = Math.max(0, share(0.4));
    const range = [low, Math.max(low + LEAST_SPAN, share(0.998))];
    // Small changes are not worth that all colours change.
    if (range.some((end, index) => Math.abs(end - this.range[index]) > 6)) this.range = range;
  }

  /** Draws all columns, the newest at the right, and over them when something was heard. */
  paint() {
    if (!this.context) return;
    const { bands, pixels } = this;
    const [low, high] = this.range;
    const scale = 255 / (high - low);
    for (let x = 0; x < COLUMNS; x += 1) {
      const number = this.last - COLUMNS + 1 + x;
      const column = this.#column(number);
      for (let band = 0; band < bands; band += 1) {
        const level = (column[band] - low) * scale;
        pixels[(bands - 1 - band) * COLUMNS + x] = SHADES[level < 0 ? 0 : level > 255 ? 255 : level | 0];
      }
      const at = number * this.columnMs;
      if (this.spans.some(([from, to]) => from <= at && at <= to)) pixels[x] = MARK;
    }
    this.context.putImageData(this.image, 0, 0);
  }
}
