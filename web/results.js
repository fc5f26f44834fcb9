// What stages say, made safe to draw: every number is one, every text is short, and there are not too many. Pure.

import { fixed } from "./words.js";

/** Items of one message that are looked at. */
const MOST_ITEMS = 300;
const MOST_FIELDS = 12;
/** Corners of one outline. */
const MOST_CORNERS = 64;
/** No place in a picture is farther out, in pixels; no point farther away, in metres. */
const FARTHEST = 1e6;
/** Length of the axes of a pose that tells no size, in metres. */
const AXIS_M = 0.1;
const LETTERS = { label: 60, text: 200, name: 40, value: 48 };

/** Bright enough to be told apart on any picture; what has the same label has the same colour. */
const COLORS = ["#3fd0c9", "#ff7ab8", "#a3e635", "#5aa9ff", "#ff8a4c", "#c58cff", "#ffe066", "#f4f4f2"];

/**
 * The items of a result message, each `{ kind, … }`: `tag`, `target`, `box`, `pose`, `text`, `mask`, or `other` for what this page does
 * not know. What makes no sense is left out.
 */
export function itemsOf(message) {
  const { body } = message;
  if (!Array.isArray(body?.items)) return [];
  const isDetections = body.type === "detections" || body.type === "truth";
  const read = (item) => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return null;
    const type = item.type === undefined && isDetections ? "tag" : item.type;
    return ((typeof type === "string" && READERS[type]) || other)(item, message);
  };
  return body.items.slice(0, MOST_ITEMS).map(read).filter(Boolean);
}

const READERS = {
  __proto__: null,
  tag(item) {
    const corners = points(item.corners, 4);
    return {
      ...of(item, "id", "family", "hamming", "margin", "ambiguity", "calibrated"),
      kind: "tag",
      id: short(item.id ?? "", 12),
      family: short(item.family ?? "", 20),
      ...(corners && { corners }),
      pose: poseOf(item.pose),
    };
  },
  target(item) {
    const { polygon } = item;
    const outline = Array.isArray(polygon) && polygon.length >= 3 && polygon.length <= MOST_CORNERS ? points(polygon, polygon.length) : points(item.corners, 4);
    const aim = points([item.aim], 1);
    if (!outline || !aim || ![item.yaw, item.pitch, item.area].every(isNear)) return null;
    const { yaw, pitch, area } = item;
    return { kind: "target", outline, aim: aim[0], yaw, pitch, area, label: label(item), isGuess: item.calibrated === false, pose: poseOf(item.pose) };
  },
  box(item) {
    const { x, y, width, height } = item;
    if (![x, y, width, height].every(isNear)) return null;
    return { kind: "box", x, y, width, height, label: label(item), score: isNear(item.score) ? item.score : null, id: idOf(item) };
  },
  pose(item) {
    const pose = poseOf(item);
    const isSize = isTriple(item.size) && item.size.every((side) => side > 0);
    // Axes go from the middle to where the thing ends.
    const axes = isSize ? item.size.map((side) => side / 2) : [AXIS_M, AXIS_M, AXIS_M];
    return pose && { kind: "pose", ...pose, label: label(item), axes, size: isSize ? item.size : null };
  },
  text(item) {
    const isPlaced = isNear(item.x) && isNear(item.y);
    const text = short(item.text ?? "", LETTERS.text);
    return text === "" ? null : { kind: "text", text, x: isPlaced ? item.x : null, y: isPlaced ? item.y : null };
  },
  mask(item, { masks }) {
    const mask = Array.isArray(masks) ? masks.find(({ array }) => array === item.array) : undefined;
    return mask ? { kind: "mask", mask, label: label(item), color: typeof item.color === "string" ? item.color.slice(0, 30) : rgb(item.color) } : null;
  },
};

function other(item) {
  const { type, ...fields } = item;
  const pairs = Object.entries(fields).slice(0, MOST_FIELDS);
  return { kind: "other", name: short(type ?? "item", LETTERS.name), fields: pairs.map(([name, value]) => [short(name, LETTERS.name), valueOf(value)]) };
}

/** A space at which no line ends. */
const FIRM = "\u00a0";

/** What one item says, as a name and the rest: for tables and for lines in the picture. */
export function words(item) {
  const score = (number) => (number === null ? null : number.toFixed(2));
  const list = (...parts) => parts.filter((part) => part !== null && part !== "").join("  ");
  switch (item.kind) {
    case "box":
      return [item.label || "box", list(item.id === null ? null : `#${item.id}`, score(item.score), `${round(item.width)} × ${round(item.height)} at ${round(item.x)}, ${round(item.y)}`)];
    case "target":
      return [item.label || "target", list(targetLabel({ ...item, label: "" }), `${fixed(item.area, 2)}${FIRM}%`, item.pose ? `z${FIRM}${fixed(item.pose.t[2], 2)}${FIRM}m` : null)];
    case "pose":
      return [item.label || "pose", item.t.map((metres, axis) => `${"xyz"[axis]} ${fixed(metres, 2)} m`).join("  ")];
    case "text":
      return ["text", item.text];
    case "mask":
      return [item.label || "mask", "mask"];
    case "other":
      return [item.name, item.fields.map((pair) => pair.join("=")).join("  ")];
    default:
      return [`tag ${item.id}`, item.family];
  }
}

/** The chip of a box: label, score, number. */
export function boxLabel({ label: text, score, id }) {
  return [text, score === null ? "" : score.toFixed(2), id === null ? "" : `#${id}`].filter(Boolean).join(" ");
}

/** The chip of a target: label, yaw and pitch; `≈` where the camera's field of view is a guess. */
export function targetLabel({ label: text, yaw, pitch, isGuess }) {
  const degrees = (value) => `${isGuess ? "≈" : ""}${fixed(value, 1)}°`;
  return [text, `yaw ${degrees(yaw)}`, `pitch ${degrees(pitch)}`].filter(Boolean).join(" ");
}

/** A colour for everything with this label. */
export function colorOf(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return COLORS[sum % COLORS.length];
}

/** One line without control characters, cut to so many letters. */
export function short(value, letters) {
  const text = (typeof value === "object" ? "" : String(value)).slice(0, 4 * letters).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const all = [...text];
  return all.length > letters ? `${all.slice(0, letters - 1).join("")}…` : text;
}

function of(item, ...names) {
  return Object.fromEntries(names.filter((name) => name in item).map((name) => [name, item[name]]));
}

function label(item) {
  return short(item.label ?? "", LETTERS.label);
}

function idOf({ id }) {
  return id === undefined || id === null ? null : short(id, 12);
}

function isNear(number) {
  return typeof number === "number" && Math.abs(number) <= FARTHEST;
}

function round(number) {
  return fixed(number, 0);
}

function points(list, count) {
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(isNear);
  return Array.isArray(list) && list.length === count && list.every(isPoint) ? list : null;
}

function isTriple(row) {
  return Array.isArray(row) && row.length === 3 && row.every(isNear);
}

function poseOf(pose) {
  if (!isTriple(pose?.t) || !Array.isArray(pose.R) || pose.R.length !== 3 || !pose.R.every(isTriple)) return undefined;
  const { R, t } = pose;
  const angle = (name) => (isNear(pose[name]) ? pose[name] : NaN);
  return { R, t, yaw: angle("yaw"), pitch: angle("pitch"), roll: angle("roll") };
}

/** `[255, 128, 0]`, as a stylesheet writes it; anything else is no colour. */
function rgb(parts) {
  const isColor = Array.isArray(parts) && parts.length === 3 && parts.every((part) => isNear(part));
  return isColor ? `rgb(${parts.map((part) => Math.max(0, Math.min(255, Math.round(part)))).join(" ")})` : null;
}

function valueOf(value) {
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : Number(value.toPrecision(4)).toString();
  if (typeof value === "string") return short(value, LETTERS.value);
  if (value === null || typeof value !== "object") return `${value}`;
  const inner = Array.isArray(value) ? value.slice(0, 8).map(valueOf) : Object.entries(value).slice(0, 6).map(([name, of]) => `${name}: ${valueOf(of)}`);
  return short(Array.isArray(value) ? `[${inner.join(", ")}]` : `{${inner.join(", ")}}`, LETTERS.value);
}
