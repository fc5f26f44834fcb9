// The page: one connection, the views, the keys.

import { Alerts } from "./alerts.js";
import { Camera } from "./camera.js";
import { h, setAttribute, setText } from "./dom.js";
import { Ear } from "./ear.js";
import { calling, hearing, isHeard, merged } from "./events.js";
import { connect } from "./link.js";
import { Live } from "./live.js";
import { NodeDrawer } from "./node.js";
import { Pipeline } from "./pipeline.js";
import { Player } from "./player.js";
import { duration, isNamedByFile, sentence } from "./words.js";

/** What a recorder has written is asked for so often at most. */
const WRITTEN_EVERY_MS = 2000;
/** Words and figures change so often at most. */
const UPDATE_MS = 250;

const byId = (id) => document.getElementById(id);

class App {
  constructor() {
    this.status = null;
    /** What there is to see, as the server found it. */
    this.pictures = [];
    this.statusAt = 0;
    this.problem = null;
    this.hello = null;
    this.cameras = new Map();
    /** What there is to hear, by stream, and what was heard, newest first. */
    this.ears = new Map();
    this.events = [];
    this.calls = [];
    this.player = null;
    /** The connections for H.264, where the browser knows WebRTC. */
    this.videos = null;
    /** The view to tune a stage, once somebody opened it, and whence: what stood in the address, and the view below the drawer. */
    this.tune = null;
    this.cameFrom = null;
    this.settings = new Map();
    this.written = new Map();
    this.isLost = false;
    this.lostAt = 0;
    this.lostClock = "";
    this.wallOffset = 0;
    this.watched = "";
    this.heard = "";
    this.seen = [];
    this.link = connect({
      open: () => this.#opened(),
      text: (message) => this.#heard(message),
      video: (header) => this.videos?.header(header),
      picture: (header, jpeg) => this.cameras.get(header.camera)?.take(header, jpeg),
      spectrum: (header, columns) => this.ears.get(header.source)?.draw(header, columns),
      pcm: (header, samples) => {
        if (this.player?.source === header.source) this.player.take(header, samples, this.link.now() - header.captured_ms);
      },
      lost: () => this.#lost(),
    });
    this.live = new Live(this, byId("live"));
    this.alerts = new Alerts(this, byId("alerts"));
    this.pipeline = new Pipeline(this, byId("pipeline"));
    this.drawer = new NodeDrawer(this, byId("node"));
    addEventListener("hashchange", () => this.#route());
    this.#route();
    setInterval(() => this.#update(), UPDATE_MS);
  }

  #opened() {
    this.isLost = false;
    [this.watched, this.heard] = ["", ""];
    this.live?.watch();
    this.#update();
  }

  #lost() {
    if (!this.isLost) {
      this.lostAt = performance.now();
      this.lostClock = new Date().toLocaleTimeString([], { hour12: false });
    }
    this.isLost = true;
    this.videos?.lost();
    this.#update();
  }

  #heard(message) {
    if (message.type === "results") {
      for (const camera of this.cameras.values()) if (camera.wants(message)) camera.hear(message);
      this.tune?.hear(message);
      return undefined;
    }
    if (message.type === "sound") this.ears.get(message.source)?.take(message);
    if (message.type === "heard") this.#heardEvents(message.events);
    if (message.type === "trouble" && this.cameras.has(message.camera)) this.cameras.get(message.camera).trouble = message.why;
    if (message.type === "answer" || message.type === "no_video") this.videos?.hear(message);
    if (message.type === "hello") this.#met(message);
    if (message.type === "no_status") this.problem = message.error;
    if (message.type !== "status") return undefined;
    this.problem = null;
    this.status = message.status;
    this.pictures = message.pictures ?? [];
    this.statusAt = performance.now();
    this.wallOffset = message.wall_ms - Date.now();
    this.#setCameras(message.sounds ?? []);
    for (const ear of this.ears.values()) this.#span(ear);
    this.#update();
    return undefined;
  }

  /** What is needed for H.264 is loaded where it may come to that. */
  async #met(hello) {
    this.hello = hello;
    if (!hello.has_webrtc || !("RTCPeerConnection" in window) || this.videos) return;
    const { Videos } = await import("./video.js");
    this.videos ??= new Videos(this);
  }

  #heardEvents(events) {
    const known = new Set(this.events.map(({ key }) => key));
    this.events = merged(this.events, events);
    for (const event of this.events) {
      if (!known.has(event.key) && isHeard(event, this.wall(), this.status)) this.say(`${event.sound} heard at ${event.source}`);
    }
    for (const ear of this.ears.values()) this.#span(ear);
    this.#update();
  }

  /** When something was heard of a source, on the server's clock. */
  #span(ear) {
    const toClock = this.link.now() - this.wall();
    ear.spans = this.eventsOf(ear).slice(0, 20).map((event) => [event.start + toClock, isHeard(event, this.wall(), this.status) ? Infinity : (event.end ?? event.start) + toClock]);
  }

  /** What was heard of a source, newest first. */
  eventsOf({ node, name, results }) {
    return this.events.filter(({ stream, source }) => (source === node || source === name) && (results.has(stream) || results.size === 0));
  }

  /** The server's time of day, in ms since 1970. */
  wall() {
    return Date.now() + this.wallOffset;
  }

  /** Everything that has a tile: cameras, then sources of sound without pictures. */
  get sights() {
    return new Map([...this.cameras, ...[...this.ears].filter(([, ear]) => !this.cameras.has(ear.picture))]);
  }

  /** The sound of a camera, or a source of sound itself. */
  earOf(sight) {
    return sight instanceof Ear ? sight : [...this.ears.values()].find(({ picture }) => picture === sight?.name);
  }

  /** Plays a source's sound, or stops playing it. */
  listen(ear) {
    const isPlaying = this.player?.source === ear.name;
    this.player?.stop();
    this.player = isPlaying ? null : new Player(ear.name, ear.rateHz);
    this.live.watch();
    this.#update();
    this.say(isPlaying ? "Not listening any more." : `Listening to ${ear.title}.`);
  }

  #setCameras(sounds) {
    const [before, ears] = [this.cameras, this.ears];
    this.cameras = new Map(this.pictures.map(({ stream }) => [stream, before.get(stream) ?? new Camera(stream, this.link)]));
    for (const picture of this.pictures) this.cameras.get(picture.stream).tell(picture);
    this.ears = new Map(sounds.map(({ stream }) => [stream, ears.get(stream) ?? new Ear(stream, this.link)]));
    for (const sound of sounds) this.ears.get(sound.stream).tell(sound);
    if (this.player && !this.ears.has(this.player.source)) this.listen({ name: this.player.source });
    const names = [...this.sights.keys()];
    if (names.join() === this.live.names && !this.live.empty.hidden === (names.length === 0)) return;
    this.live.names = names.join();
    this.live.setCameras(names);
    this.#route();
  }

  /** Width and height of a camera's frames, as far as known. */
  shapeOf(name) {
    if (this.ears.has(name)) return [16, 9];
    const told = /^(\d+)x(\d+)/.exec(this.status?.streams[name]?.shape ?? "");
    return this.cameras.get(name)?.source ?? (told ? [Number(told[1]), Number(told[2])] : [16, 9]);
  }

  /** The settings of a node whose kind alone says little, once they are known: asked for once for each of its starts. */
  settingsOf(name) {
    const node = this.status?.nodes[name];
    if (!node || !isNamedByFile(node)) return null;
    const known = this.settings.get(name);
    if (known && known.pid === node.pid) return known.settings;
    const asked = { pid: node.pid, settings: known?.settings ?? null };
    this.settings.set(name, asked);
    this.get(`api/settings/${encodeURIComponent(name)}`).then(({ answer }) => {
      if (answer) asked.settings = answer;
    });
    return asked.settings;
  }

  /** What a recorder has written, once it is known: `{ file, files, bytes, all_bytes, free_bytes }`; null for other nodes. */
  writtenBy(name) {
    if (this.status?.nodes[name]?.kind !== "record") return null;
    const known = this.written.get(name) ?? { askedAt: -Infinity, answer: null };
    this.written.set(name, known);
    const now = performance.now();
    if (now - known.askedAt < WRITTEN_EVERY_MS || document.hidden) return known.answer;
    known.askedAt = now;
    this.get(`api/recordings/${encodeURIComponent(name)}`).then(({ answer }) => {
      known.answer = answer ?? null;
    });
    return known.answer;
  }

  /** Seconds since the status was true. */
  statusAge() {
    return (performance.now() - this.statusAt) / 1000;
  }

  /** Tells the server which cameras are in sight, at which size, when that changed. */
  watch(cameras) {
    for (const camera of cameras) if (!this.seen.includes(camera)) camera.watchedSince = performance.now();
    this.seen = cameras;
    const views = cameras.map((camera) => {
      const { name, view, canvas } = camera;
      return { camera: name, view, width: canvas.width, height: canvas.height, video: this.videos?.has(camera) ?? false, mask: this.tune?.maskOf(camera) };
    });
    const watched = JSON.stringify(views);
    if (watched === this.watched || !this.link.isOpen()) return;
    this.watched = watched;
    this.link.send({ type: "watch", views });
  }

  /** Tells the server which sources of sound are in sight, `[ear, whether its spectrogram is]`, when that changed. */
  hear(ears) {
    const listen = this.player?.source;
    for (const [ear] of ears) if (!this.earsSeen?.includes(ear)) ear.watchedSince = performance.now();
    this.earsSeen = ears.map(([ear]) => ear);
    const sounds = ears.map(([{ name }, spectrum]) => ({ source: name, spectrum, listen: name === listen }));
    // Who listens goes on when the page is not seen.
    if (listen && !sounds.some(({ source }) => source === listen)) sounds.push({ source: listen, spectrum: false, listen: true });
    const heard = JSON.stringify(sounds);
    if (heard === this.heard || !this.link.isOpen()) return;
    this.heard = heard;
    this.link.send({ type: "hear", sounds });
  }

  /** A picture's place has another size: asked for once all have theirs. */
  sizeChanged() {
    clearTimeout(this.resizing);
    this.resizing = setTimeout(() => this.live.watch(), 150);
  }

  hold() {
    const isHeld = this.live.hold();
    this.say(isHeld ? "The picture is held." : "The picture goes on.");
  }

  /** Shows another view of a camera: its picture, its depth, …. */
  setView(camera, view) {
    camera.view = view;
    camera.trouble = null;
    this.live.watch();
    this.#update();
    this.say(`${camera.title}: ${view}`);
  }

  fullScreen() {
    this.live.fullScreen();
  }

  openNode(name) {
    location.hash = `#/node/${encodeURIComponent(name)}`;
  }

  closeNode() {
    location.hash = this.before ?? "#/";
  }

  /** What is said once to those who do not see the page. */
  say(text) {
    setText(byId("said"), text);
  }

  /** Asks the server: `{ answer }` or `{ error }`, never an exception. */
  async get(path, options = {}) {
    try {
      const response = await fetch(path, options);
      const answer = await response.json();
      if (response.ok) return { answer };
      return { error: [answer.error, answer.hint].filter(Boolean).join(": "), status: response.status };
    } catch {
      return { error: "The server does not answer." };
    }
  }

  /** Asks the server to act; asks for the password where that is needed. */
  async act(path, body) {
    const asked = { method: "POST", ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }) };
    const done = await this.get(path, asked);
    if (done.status !== 401) return done;
    const { askPassword } = await import("./login.js");
    if (!(await askPassword(this))) return { error: "From another machine this needs the password." };
    return this.get(path, asked);
  }

  #route() {
    const [, view = "", name] = location.hash.split("/");
    const node = view === "node" ? decodeURIComponent(name ?? "") : null;
    if (node === null) {
      this.cameFrom = view === "tune" ? (this.cameFrom ?? [this.address ?? "#/", this.before ?? "#/"]) : null;
      this.before = location.hash || "#/";
    }
    this.address = location.hash;
    const shown = node === null ? view : (this.before ?? "#/").split("/")[1];
    const current = ["pipeline", "alerts", "tune"].includes(shown) ? shown : "live";
    for (const section of ["live", "alerts", "pipeline"]) {
      byId(section).hidden = section !== current;
      setAttribute(byId(`nav-${section}`), "aria-current", section === current ? "page" : null);
    }
    if (current === "live") {
      const wanted = decodeURIComponent(shown ?? "");
      this.live.choose([...this.sights.values()].find(({ name, title, node }) => [name, title, node].includes(wanted))?.name ?? null);
    }
    this.#setTune(current === "tune" ? decodeURIComponent(this.before.split("/")[2] ?? "") : null);
    this.live.watch();
    this.drawer.show(node);
    this.#update();
  }

  /** Opens the view to tune a stage, whose parts are loaded then, or closes it. */
  async #setTune(name) {
    if (name !== null && !this.tune) {
      const [{ Tune }] = await Promise.all([import("./tune.js"), import("./sight.js"), import("./knobs.js"), import("./colour.js")]);
      this.tune ??= new Tune(this);
      return this.#route();
    }
    return this.tune?.show(name);
  }

  #update() {
    if (!this.drawer) return;
    const { status } = this;
    setText(byId("clock"), new Date(Date.now() + this.wallOffset).toLocaleTimeString([], { hour12: false }));
    byId("lost").hidden = !(this.isLost || this.problem);
    if (this.isLost) {
      const since = duration((performance.now() - this.lostAt) / 1000);
      setText(byId("lost"), `Connection lost at ${this.lostClock}, ${since} ago. Trying again.`);
    } else if (this.problem) setText(byId("lost"), `The pictures go on, but the supervisor does not answer: ${this.problem}`);
    if (!status) return;
    setText(byId("instance"), status.instance || "bushbaby");
    this.calls = calling(status, this.wall());
    const told = this.isLost
      ? { text: "not connected", tone: "bad", key: "lost" }
      : sentence(status, this.statusAge(), hearing(status, this.events, this.wall()));
    setText(byId("state"), told.text);
    setAttribute(byId("state-shape"), "data-tone", told.tone);
    setAttribute(byId("state").parentElement, "data-tone", told.tone);
    if (told.key !== this.told) {
      this.told = told.key;
      this.say(told.text);
      document.title = `${told.tone === "good" ? "" : "! "}${status.instance || "bushbaby"}`;
    }
    this.videos?.update();
    this.live.update();
    this.alerts.update();
    this.pipeline.update();
    this.tune?.update();
    this.drawer.update();
  }
}

const KEYS = [
  ["1 – 9", "a camera large; again: all of them"],
  ["f", "full screen"],
  ["space", "hold the picture, go on"],
  ["v", "the next view of an RGB-D camera: picture, depth, …"],
  ["h", "hear the chosen camera or microphone, stop"],
  ["p", "pipeline, and back"],
  ["a", "alerts, and back"],
  ["l", "log and settings of the chosen camera or node"],
  ["Esc", "back"],
  ["?", "these keys"],
];

function showKeys() {
  const dialog = byId("keys");
  const list = h("dl", {}, ...KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does))));
  dialog.replaceChildren(h("h2", {}, "Keys"), list, h("form", { method: "dialog" }, h("button", { class: "main" }, "Close")));
  dialog.showModal();
}

function pressed(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea")) return;
  const goes = (view) => () => (location.hash = byId(view).hidden ? `#/${view}` : "#/");
  const names = [...app.sights.keys()];
  const act = {
    f: () => app.fullScreen(),
    v: () => nextView(app),
    " ": () => (event.target.closest("button, .log") ? null : (event.preventDefault(), app.hold())),
    p: goes("pipeline"),
    a: goes("alerts"),
    h: () => hear(app),
    l: () => (app.drawer.name ? app.closeNode() : app.openNode((app.live.shown ?? names[0] ?? Object.keys(app.status?.nodes ?? {})[0] ?? "").split("/")[0])),
    "?": showKeys,
    Escape: () => (app.drawer.name ? app.closeNode() : (location.hash = "#/")),
  }[event.key];
  if (act) act();
  const camera = names[Number(event.key) - 1];
  if (/^[1-9]$/.test(event.key) && camera) {
    const isShown = !byId("live").hidden && app.live.chosen === camera;
    location.hash = isShown ? "#/" : app.sights.get(camera).path;
  }
}

/** Plays the chosen source, or stops what plays. */
function hear(app) {
  const ear = app.ears.get(app.player?.source) ?? app.earOf(app.sights.get(app.live.shown));
  if (ear) app.listen(ear);
}

/** The chosen camera's next view; without one, that of the first camera that has several. */
function nextView(app) {
  const camera = app.cameras.get(app.live.shown) ?? [...app.cameras.values()].find(({ views }) => views.length > 1);
  if (camera && camera.views.length > 1) app.setView(camera, camera.views[(camera.views.indexOf(camera.view) + 1) % camera.views.length]);
}

const app = new App();
addEventListener("keydown", (event) => pressed(app, event));
byId("keys-button").addEventListener("click", showKeys);

/** For measuring and for tests: rate and age of each camera as drawn, and what is drawn now. */
const nameOf = (stream) => stream.replace(/\/image$/, "");
const ofEach = (read) => Object.fromEntries([...app.cameras].map(([stream, camera]) => [nameOf(stream), read(camera)]));
window.bushbaby = {
  stats: () => ofEach((camera) => camera.stats()),
  shown: () => ofEach((camera) => camera.shown()),
  sounds: () => Object.fromEntries([...app.ears].map(([stream, { level, scores, drawn }]) => [stream, { level, scores, columns: drawn ?? 0 }])),
  videos: () => [...(app.videos?.failed ?? [])].map(([camera, { why: failed }]) => ({ camera, failed })),
  player: () => app.player && { source: app.player.source, pieces: app.player.pieces, ahead: app.player.next - app.player.context.currentTime },
};
