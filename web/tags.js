// Tags in a picture: outline, number, axes, and a chip with the pose beside each.

import { axes } from "./projection.js";
import { AXES, drawAxes, stroke } from "./strokes.js";
import { fixed } from "./words.js";

const OUTLINE = "#ffb224";
/** From this ambiguity on the other pose fits about as well. */
export const AMBIGUOUS = 0.2;
/** Below this width in CSS pixels a picture only gets outlines and numbers. */
const CHIP_MIN_WIDTH = 480;
/** Chips change at most five times a second. */
const CHIP_EVERY_MS = 200;

/** Keeps chips between frames, so that their numbers and places stand still. */
export class Tags {
  #chips = new Map();

  /** `camera`: the camera's model, guessed or not. The other arguments are those of the overlay. */
  draw(context, items, { camera, isGuess, scale, size, ratio, now }) {
    const tags = items.filter(({ kind, corners }) => kind === "tag" && corners).map((item) => place(item, scale));
    for (const tag of tags) {
      outline(context, tag, ratio);
      if (tag.item.pose) axesOf(context, tag, camera, isGuess, scale, ratio);
      number(context, tag, ratio);
    }
    if (size[0] / ratio >= CHIP_MIN_WIDTH) this.#drawChips(context, tags, size, ratio, now);
  }

  #drawChips(context, tags, size, ratio, now) {
    const taken = tags.map((tag) => tag.box);
    const seen = new Set();
    for (const tag of tags.filter(({ item }) => item.pose)) {
      const key = `${tag.item.family} ${tag.item.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const chip = this.#chips.get(key) ?? { side: null, image: null, drawn: -Infinity };
      if (now - chip.drawn >= CHIP_EVERY_MS || chip.ratio !== ratio) {
        chip.image = chipImage(tag.item, ratio, chip.image);
        chip.drawn = now;
        chip.ratio = ratio;
      }
      this.#chips.set(key, chip);
      const spot = chipSpot(tag.box, [chip.image.width, chip.image.height], size, taken, 4 * ratio, chip.side);
      chip.side = spot?.side ?? null;
      if (!spot) continue;
      context.drawImage(chip.image, spot.box[0], spot.box[1]);
      taken.push(spot.box);
    }
    for (const [key, chip] of this.#chips) if (!seen.has(key) && now - chip.drawn > 2000) this.#chips.delete(key);
  }
}

function place(item, scale) {
  const corners = item.corners.map(([x, y]) => [x * scale, y * scale]);
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  // The white rim of a tag belongs to it: an eighth of its side, and a little for the slant.
  const rim = 0.15 * Math.max(right - left, bottom - top);
  return { item, corners, centre: middle(corners), box: [left - rim, top - rim, right + rim, bottom + rim] };
}

/** Where the diagonals cross: the middle of the square as it is seen. */
function middle([a, b, c, d]) {
  const [r, s] = [
    [c[0] - a[0], c[1] - a[1]],
    [d[0] - b[0], d[1] - b[1]],
  ];
  const cross = r[0] * s[1] - r[1] * s[0];
  const along = ((b[0] - a[0]) * s[1] - (b[1] - a[1]) * s[0]) / cross;
  return Number.isFinite(along) ? [a[0] + along * r[0], a[1] + along * r[1]] : a;
}

export function isAmbiguous(item) {
  return item.ambiguity >= AMBIGUOUS;
}

function outline(context, { corners, item }, ratio) {
  context.beginPath();
  corners.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
  stroke(context, OUTLINE, ratio, isAmbiguous(item) ? [6 * ratio, 5 * ratio] : []);
}

function axesOf(context, { item, centre }, camera, isGuess, scale, ratio) {
  const seen = axes(camera, item.pose, item.corners, [centre[0] / scale, centre[1] / scale], isGuess);
  if (seen) drawAxes(context, seen, scale, ratio);
}

function number(context, { item, centre, box }, ratio) {
  const side = Math.min(box[2] - box[0], box[3] - box[1]) / 1.3;
  const height = Math.max(11 * ratio, Math.min(18 * ratio, side * 0.36));
  context.font = `600 ${height}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 * ratio;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.strokeText(item.id, ...centre);
  context.fillStyle = "#fff";
  context.fillText(item.id, ...centre);
}

const CHIP_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace";
/** Letters across a chip, and where its columns begin. */
const CHIP = { letters: 25, names: [1, 11.5], values: [2.5, 17], lineHeight: 1.3 };

/** The chip as a picture of its own: writing is the slowest thing to draw, so it is only written when it changes. */
function chipImage(item, ratio, old) {
  const { t, yaw, pitch, roll } = item.pose;
  const about = item.calibrated === false ? "≈" : "";
  const metres = (value) => `${(about + fixed(value, 2)).padStart(6)}m`;
  const degrees = (value) => `${(about + fixed(value, 1)).padStart(7)}°`;
  const rows = [
    [["x", metres(t[0])], ["yaw", degrees(yaw)]],
    [["y", metres(t[1])], ["pitch", degrees(pitch)]],
    [["z", metres(t[2])], ["roll", degrees(roll)]],
  ];
  const size = 12 * ratio;
  const image = old ?? document.createElement("canvas");
  const context = image.getContext("2d");
  const font = `${size}px ${CHIP_FONT}`;
  context.font = font;
  const letter = context.measureText("0").width;
  image.width = Math.ceil(letter * (CHIP.letters + 1));
  image.height = Math.ceil(size * (rows.length * CHIP.lineHeight + 0.7));
  context.fillStyle = "rgba(16, 16, 15, 0.82)";
  context.beginPath();
  context.roundRect(0, 0, image.width, image.height, 4 * ratio);
  context.fill();
  context.font = font;
  context.textBaseline = "middle";
  rows.forEach((row, line) => {
    const y = size * (1 + line * CHIP.lineHeight);
    row.forEach(([name, value], column) => {
      context.fillStyle = column === 0 ? AXES[line] : "#b9b9b2";
      context.fillText(name, letter * CHIP.names[column], y);
      context.fillStyle = "#fff";
      context.fillText(value.slice(0, -1), letter * CHIP.values[column], y);
      const unit = letter * (CHIP.values[column] + value.length - 1);
      context.fillStyle = "#b9b9b2";
      context.fillText(value.at(-1), unit, y);
    });
  });
  return image;
}

const SIDES = ["below", "above", "right", "left"];

/**
 * Where a chip goes: beside its tag, inside the picture, over no tag and no other chip; null when there is no such place.
 * Boxes are `[left, top, right, bottom]`. The side where it was before is tried first.
 */
export function chipSpot(tag, [width, height], [right, bottom], taken, gap, before) {
  const across = clamp((tag[0] + tag[2] - width) / 2, 0, right - width);
  const down = clamp((tag[1] + tag[3] - height) / 2, 0, bottom - height);
  const corner = {
    below: [across, tag[3] + gap],
    above: [across, tag[1] - gap - height],
    right: [tag[2] + gap, down],
    left: [tag[0] - gap - width, down],
  };
  const sides = before ? [before, ...SIDES.filter((side) => side !== before)] : SIDES;
  for (const side of sides) {
    const [x, y] = corner[side].map(Math.round);
    const box = [x, y, x + width, y + height];
    const isInside = x >= 0 && y >= 0 && box[2] <= right && box[3] <= bottom;
    if (isInside && !taken.some((other) => overlap(box, other))) return { side, box };
  }
  return null;
}

function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
