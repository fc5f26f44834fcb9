// From numbers and states to what people read. Pure: no element, no clock.

/** How a node's state is shown: a word, and a tone that is both a colour and a shape. */
export const STATES = {
  starting: { word: "starting", tone: "busy" },
  ready: { word: "ready", tone: "busy" },
  running: { word: "running", tone: "good" },
  stalled: { word: "stalled", tone: "warn" },
  stopping: { word: "stopping", tone: "busy" },
  stopped: { word: "stopped", tone: "idle" },
  backoff: { word: "starting again", tone: "warn" },
  "given-up": { word: "given up", tone: "bad" },
};

export function stateOf(node) {
  return STATES[node.state] ?? { word: node.state, tone: "idle" };
}

/** Whether it was asked to find nothing in what it reads: by a robot, for one. */
export function isResting({ state, changes }) {
  return state === "running" && Boolean(changes?.rests);
}

/** What was changed of it since it runs, as far as it is in force; null where nothing was. */
export function changed({ changes, pipelines }) {
  const all = { ...changes?.tuned?.[pipelines?.active ?? 0], ...changes?.settings };
  const settings = Object.entries(all).map(([key, value]) => `${key}: ${yaml(value).trim()}`);
  return [changes?.rests ? "rests" : null, ...settings].filter(Boolean).join(", ") || null;
}

/** `4 s`, `3 min`, `5 h`, `2 d`. */
export function duration(seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const MINUS = "\u2212";

/** A number with so many decimals and a true minus; never a minus before zero. */
export function fixed(number, decimals) {
  if (!Number.isFinite(number)) return "–";
  const text = Math.abs(number).toFixed(decimals);
  return number < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** An age in milliseconds as value and unit. */
export function age(ms) {
  if (!Number.isFinite(ms)) return ["–", ""];
  if (ms < 999.5) return [`${Math.max(0, Math.round(ms))}`, "ms"];
  if (ms < 9950) return [(ms / 1000).toFixed(1), "s"];
  return duration(ms / 1000).split(" ");
}

/** Amber from 200 ms, red from 1000. */
export function ageTone(ms) {
  return ms >= 1000 ? "bad" : ms >= 200 ? "warn" : null;
}

export function rate(fps) {
  return [Number.isFinite(fps) ? fps.toFixed(fps < 9.95 ? 1 : 0) : "–", "fps"];
}

/** Bits a second as value and unit. */
export function bits(perSecond) {
  if (!Number.isFinite(perSecond)) return ["–", ""];
  if (perSecond < 1e6) return [(perSecond / 1e3).toFixed(0), "kbit/s"];
  return [(perSecond / 1e6).toFixed(perSecond < 9.95e6 ? 1 : 0), "Mbit/s"];
}

export function bytes(count) {
  if (!Number.isFinite(count)) return ["–", ""];
  if (count < 1e9) return [(count / 1e6).toFixed(0), "MB"];
  return [(count / 1e9).toFixed(1), "GB"];
}

export function percent(share) {
  return [Number.isFinite(share) ? (share * 100).toFixed(0) : "–", "%"];
}

/** An error in one line: the first, or, of a Python traceback, the last, which says what happened. */
export function brief(error) {
  const lines = error.split("\n").map((line) => line.trim()).filter(Boolean);
  const isTraceback = lines[0]?.startsWith("Traceback");
  return (isTraceback ? lines.at(-1) : lines[0]) ?? "";
}

/** Kinds that say little without a setting: the one that names a file. */
const NAMED_BY = { __proto__: null, python_stage: ["run"], python_source: ["run", "driver"], replay: ["replay"], record: ["to"] };

export function isNamedByFile({ kind }) {
  return kind in NAMED_BY;
}

/** What a node is, in the words of its file: `apriltag`, `python: detector.py`, `replay: match7.mcap`. `settings` may be absent. */
export function kindOf({ kind }, settings) {
  const named = NAMED_BY[kind]?.map((key) => settings?.[key]).find(Boolean);
  const word = kind.startsWith("python_") ? "python" : kind;
  if (typeof named !== "string") return word;
  const last = named.replace(/\/+$/, "").split("/").at(-1);
  return `${word}: ${/^python:/.test(named) ? last.split(":").at(-1) : last}`;
}

/** What a stream carries that this page cannot draw, in words; null for what it draws. */
export function undrawn(carries) {
  const what = { points: "points in space", arrays: "arrays" }[carries];
  return what ? `${what}, not drawn here` : null;
}

/** `1 node`, `3 nodes`. */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The reasons for which a reader did not get frames, in words; those that count as a loss first. */
const DROPS = {
  damaged: "damaged",
  overflow: "queue full",
  superseded: "replaced by a newer one",
};

/** What an edge lost, `[{ reason, words, frames }]`; what the reader itself asked to leave out is no loss. */
export function drops(dropped) {
  return Object.entries(DROPS)
    .map(([reason, words]) => ({ reason, words, frames: dropped?.[reason] ?? 0 }))
    .filter(({ frames }) => frames > 0);
}

function phrase(name, state, since) {
  if (state === "backoff") return `${name} ended ${since} ago and starts again`;
  if (state === "given-up") return `${name} given up ${since} ago: restart it`;
  return `${name} ${STATES[state]?.word ?? state} for ${since}`;
}

/**
 * One sentence on the whole instance: `{ text, tone, key }`. `key` changes when something happened, not with every second.
 * `elapsed` is how old the status is, in seconds; `hearing` what is to be said of sound, if anything.
 */
export function sentence(status, elapsed, hearing = null) {
  const nodes = Object.entries(status.nodes);
  const inTone = (tone) => nodes.filter(([, node]) => stateOf(node).tone === tone);
  const told = (list, tone) => {
    const [name, node] = list[0];
    const more = list.length > 1 ? `, and ${list.length - 1} more` : "";
    const since = duration((node.state_seconds ?? 0) + elapsed);
    return { text: phrase(name, node.state, since) + more, tone, key: `${tone} ${list.map(([other]) => other)}` };
  };
  for (const tone of ["bad", "warn"]) {
    const list = inTone(tone);
    if (list.length > 0) return told(list, tone);
    if (hearing?.tone === tone) return hearing;
  }
  const running = inTone("good").length;
  const busy = inTone("busy");
  if (busy.length > 0) {
    const text = `${busy[0][0]} ${stateOf(busy[0][1]).word}, ${running} of ${count(nodes.length, "node")} running`;
    return { text, tone: "busy", key: text };
  }
  const text = `${count(running, "node")} running`;
  return { text, tone: running > 0 ? "good" : "idle", key: text };
}

/** Settings as lines of YAML: what the file would say in full. */
export function yaml(value, indent = 0) {
  const pad = "  ".repeat(indent);
  const isFlat = (inner) => inner === null || typeof inner !== "object" || Object.keys(inner).length === 0;
  const scalar = (inner) => {
    if (typeof inner === "string") return /^[\w./$@:+-]+$/.test(inner) && !/[:]$/.test(inner) ? inner : JSON.stringify(inner);
    return JSON.stringify(inner);
  };
  if (isFlat(value)) return pad + scalar(value);
  if (Array.isArray(value)) {
    if (value.every(isFlat)) return `${pad}[${value.map(scalar).join(", ")}]`;
    return value.map((inner) => `${pad}-${yaml(inner, indent + 1).slice(pad.length + 1)}`).join("\n");
  }
  return Object.entries(value)
    .map(([key, inner]) => {
      if (isFlat(inner) || (Array.isArray(inner) && inner.every(isFlat))) return `${pad}${key}: ${yaml(inner).trim()}`;
      return `${pad}${key}:\n${yaml(inner, indent + 1)}`;
    })
    .join("\n");
}
