// What a page shows of one source of sound: meter, spectrogram, scores, events; and the tile of one that has no pictures.

import { figure, h, keyed, setAttribute, setText } from "./dom.js";
import { eventWords, isHeard } from "./events.js";
import { short } from "./results.js";
import { troubleOf } from "./trouble.js";
import { duration, fixed } from "./words.js";

/** The meter goes from here to full scale, in dBFS. */
const LEAST_DB = -90;
/** The time line, in ms. */
const LINE_MS = 900000;
const MOST_LISTED = 8;
const MOST_SCORES = 12;

const share = (db) => `${(100 * Math.max(0, Math.min(1, 1 - db / LEAST_DB))).toFixed(1)}%`;

/** A bar with the level, the loudest sample and how loud the room is. */
export class Meter {
  constructor(title) {
    this.title = title;
    this.bar = h("i", { class: "bar" });
    this.peak = h("i", { class: "peak", title: "the loudest sample" });
    this.floor = h("i", { class: "floor", title: "how loud the room is when nothing happens" });
    this.element = h("div", { class: "meter", role: "meter", "aria-valuemin": LEAST_DB, "aria-valuemax": 0, "aria-label": title }, this.bar, this.floor, this.peak);
    this.figure = figure(5);
  }

  update(level) {
    const rms = level?.rms ?? NaN;
    const isKnown = Number.isFinite(rms);
    this.bar.style.width = isKnown ? share(rms) : "0";
    for (const [mark, db] of [[this.peak, level?.peak], [this.floor, level?.floor]]) {
      mark.hidden = !Number.isFinite(db);
      if (!mark.hidden) mark.style.left = share(db);
    }
    this.figure.set([fixed(rms, 0), "dBFS"]);
    const room = Number.isFinite(level?.floor) ? `, the room ${fixed(level.floor, 0)}` : "";
    setAttribute(this.element, "aria-valuenow", isKnown ? `${Math.max(LEAST_DB, Math.round(rms))}` : `${LEAST_DB}`);
    setAttribute(this.element, "aria-valuetext", isKnown ? `${fixed(rms, 0)} dBFS${room}` : "not known");
  }
}

/** The spectrogram with what its edges mean. */
function spectrogram(ear) {
  const note = (place, text) => h("span", { class: `axis ${place}` }, text);
  return h("div", { class: "spectrogram" }, ear.canvas, note("high", "8 kHz"), note("low", "50 Hz"), note("old", "30 s ago"));
}

/** What is heard of one source now, in one line over its picture: amber while it goes on, red when it called somebody. */
export class Chip {
  constructor(ear, app) {
    [this.ear, this.app] = [ear, app];
    this.element = h("div", { class: "chip", hidden: true });
  }

  /** `isQuiet`: also tells what is over. */
  update(isQuiet) {
    const { ear, app } = this;
    const event = app.eventsOf(ear)[0];
    const isNow = event !== undefined && isHeard(event, app.wall(), app.status);
    const calls = app.calls.some(({ source }) => source === ear.node);
    this.element.hidden = !event || !(isNow || isQuiet || calls);
    if (event) setText(this.element, eventWords(event, app.wall(), app.status));
    setAttribute(this.element, "data-tone", calls ? "bad" : isNow ? "warn" : null);
  }
}

/** The tile of a source without pictures. */
export class EarTile {
  constructor(ear, app) {
    [this.camera, this.app] = [ear, app];
    this.isInSight = true;
    this.key = h("kbd");
    this.name = h("span", { class: "name" });
    this.meter = new Meter(`${ear.title}: level`);
    this.chip = new Chip(ear, app);
    this.since = h("strong", { class: "since" });
    this.why = h("span", { class: "why" });
    this.veil = h("div", { class: "veil", hidden: true }, h("b", {}, "NO SOUND"), this.since, this.why);
    const level = h("div", { class: "loud" }, this.key, this.name, this.meter.element, this.meter.figure.element);
    this.frame = h("div", { class: "frame ear" }, spectrogram(ear), this.chip.element, this.veil, level);
    this.element = h("a", { class: "tile", href: ear.path }, this.frame);
  }

  setPlace(number, isChosen) {
    setText(this.key, number <= 9 ? `${number}` : "");
    setAttribute(this.element, "href", isChosen ? "#/" : this.camera.path);
    setAttribute(this.element, "aria-current", isChosen ? "true" : null);
    this.element.classList.toggle("chosen", isChosen);
  }

  fit() {
    this.element.style.setProperty("--shape", 16 / 9);
  }

  update() {
    const { camera: ear, app } = this;
    const trouble = app.isLost ? null : troubleOf(app, ear);
    setText(this.name, ear.title);
    this.meter.update(trouble || app.isLost ? null : ear.level);
    this.chip.update(true);
    this.veil.hidden = !trouble;
    if (trouble) {
      setText(this.since, Number.isFinite(trouble.age_ms) ? `last heard ${duration(trouble.age_ms / 1000)} ago` : "no sound yet");
      setText(this.why, trouble.why);
    }
    setAttribute(this.element, "data-trouble", trouble ? "yes" : null);
    setAttribute(this.element, "data-lost", app.isLost ? "yes" : null);
    setAttribute(ear.canvas, "aria-label", `${ear.title}: spectrogram of the last 30 seconds`);
  }
}

/** Beside the chosen source: all of it. */
export class SoundPanel {
  constructor(ear, app) {
    [this.ear, this.app] = [ear, app];
    this.meter = new Meter("level");
    this.form = h("span", { class: "quiet" });
    this.listen = h("button", { type: "button", onclick: () => app.listen(ear), title: "Listen, or stop (h)" });
    this.behind = h("span", { class: "quiet" });
    this.scores = h("div", { class: "scores" });
    this.rows = new Map();
    this.line = h("div", { class: "line", role: "img" });
    this.marks = new Map();
    this.list = h("tbody");
    this.note = h("p", { class: "quiet" });
    this.element = h(
      "section",
      { class: "sound" },
      h("h3", {}, "Sound ", this.form),
      h("div", { class: "loud" }, this.meter.element, this.meter.figure.element),
      ear.picture ? spectrogram(ear) : null,
      h("div", { class: "actions" }, this.listen, this.behind),
      this.scores,
      h("h3", {}, "Heard ", h("span", { class: "quiet" }, "last 15 min")),
      this.line,
      h("table", { class: "found" }, this.list),
      this.note,
    );
  }

  update() {
    const { ear, app } = this;
    const isLive = !app.isLost && !troubleOf(app, ear);
    this.meter.update(isLive ? ear.level : null);
    const channels = { 1: "mono", 2: "stereo" }[ear.channels] ?? `${ear.channels} channels`;
    setText(this.form, ear.rateHz ? `${+(ear.rateHz / 1000).toFixed(1)} kHz, ${channels}` : "");
    const isPlaying = app.player?.source === ear.name;
    setText(this.listen, isPlaying ? "Stop listening" : "Listen");
    setAttribute(this.listen, "aria-pressed", `${isPlaying}`);
    const { behind } = app.player ?? {};
    setText(this.behind, !isPlaying ? "" : Number.isFinite(behind) ? `${fixed(behind, 1)} s behind` : "waiting for sound");
    this.#scores(isLive);
    this.#events();
  }

  #scores(isLive) {
    const { ear, app } = this;
    const all = Object.entries(isLive ? ear.scores : {}).flatMap(([stream, { sounds, gate_open: isOpen }]) =>
      Object.entries(sounds).map(([sound, of]) => [`${stream} ${sound}`, { ...of, sound, isOpen, stage: stream.split("/")[0] }]),
    );
    const scores = new Map(all.slice(0, MOST_SCORES));
    keyed(this.scores, this.rows, [...scores.keys()], () => new ScoreRow());
    for (const [key, row] of this.rows) row.update(scores.get(key));
    const events = app.eventsOf(ear);
    const hears = [...ear.results].some((stream) => app.status.streams[stream]?.carries === "events") || all.length > 0 || events.length > 0;
    const none = hears ? "Nothing was heard." : "No stage listens: write `cry: {kind: sound_events, in: " + ear.node + "}` under stages.";
    this.note.hidden = events.length > 0;
    setText(this.note, none);
  }

  #events() {
    const { ear, app } = this;
    const [now, events] = [app.wall(), app.eventsOf(ear)];
    const shown = events.filter((event) => now - (event.end ?? now) < LINE_MS);
    keyed(this.line, this.marks, shown.map(({ key }) => key), () => ({ element: h("i") }));
    const at = (time) => Math.max(0, 1 - (now - time) / LINE_MS);
    for (const event of shown) {
      const { element } = this.marks.get(event.key);
      const [from, to] = [at(event.start), at(isHeard(event, now, app.status) ? now : (event.end ?? event.start))];
      element.style.left = `${(100 * from).toFixed(2)}%`;
      element.style.width = `${(100 * Math.max(0, to - from)).toFixed(2)}%`;
      setAttribute(element, "title", eventWords(event, now, app.status));
    }
    setAttribute(this.line, "aria-label", `${shown.length} sounds in the last 15 minutes`);
    const rows = events.slice(0, MOST_LISTED).map((event) => {
      const clock = new Date(event.start).toLocaleTimeString([], { hour12: false });
      const lasted = isHeard(event, now, app.status) ? "now" : event.end === null ? "" : duration((event.end - event.start) / 1000);
      return [clock, event.sound, fixed(event.score, 2), lasted];
    });
    const told = JSON.stringify(rows);
    if (told === this.told) return;
    this.told = told;
    this.list.replaceChildren(...rows.map(([clock, sound, ...rest]) => h("tr", {}, h("th", { scope: "row" }, clock), h("td", { class: "what" }, sound), ...rest.map((text) => h("td", {}, text)))));
  }
}

/** How sure a stage is of one sound, and from where on it counts. */
class ScoreRow {
  constructor() {
    this.name = h("span");
    this.bar = h("i", { class: "bar" });
    this.threshold = h("i", { class: "floor", title: "from here on it counts as heard" });
    this.meter = h("div", { class: "meter", role: "meter", "aria-valuemin": 0, "aria-valuemax": 1 }, this.bar, this.threshold);
    this.figure = figure(4);
    this.element = h("div", { class: "score" }, this.name, this.meter, this.figure.element);
  }

  update({ sound, stage, score, threshold, heard, isOpen }) {
    // The low scores are where thresholds are: their root gives them room.
    const at = (value) => `${(100 * Math.sqrt(Math.max(0, Math.min(1, value)))).toFixed(1)}%`;
    setText(this.name, short(sound, 30));
    this.bar.style.width = at(score);
    this.threshold.style.left = at(threshold);
    this.figure.set([fixed(score, 2)], heard ? "warn" : null);
    setAttribute(this.element, "title", `${stage}: counts from ${fixed(threshold, 3)} on${isOpen ? "" : "; too quiet to be looked at"}`);
    setAttribute(this.meter, "data-tone", heard ? "warn" : null);
    setAttribute(this.meter, "aria-label", sound);
    setAttribute(this.meter, "aria-valuenow", fixed(score, 2));
    setAttribute(this.meter, "aria-valuetext", `${fixed(score, 2)}, ${heard ? "heard" : "not heard"}, counts from ${fixed(threshold, 3)} on`);
  }
}
