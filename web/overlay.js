// Draws what was found into the picture it was found in.

import { Labels } from "./labels.js";
import { layerOf } from "./masks.js";
import { axesOfLength, cuboid, guessedCamera } from "./projection.js";
import { boxLabel, colorOf, targetLabel, words } from "./results.js";
import { drawAxes, stroke } from "./strokes.js";
import { Tags } from "./tags.js";

/** Below this width in CSS pixels a picture gets no words. */
const WORDS_MIN_WIDTH = 240;
/** Lines in the corner of a picture. */
const MOST_LINES = 8;
const MASK_ALPHA = 0.45;
/** Axes of a target, metres. */
const TARGET_AXES_M = [0.1, 0.1, 0.1];

/** One for each picture on the page: keeps what stands still between frames. */
export class Overlay {
  #tags = new Tags();
  #labels = new Labels();

  /**
   * `context`: of the canvas, the picture drawn already. `size`: of the canvas in its pixels. `source`: of the frame that the
   * results are in. `ratio`: canvas pixels to one CSS pixel. `items`: as `itemsOf` returns them. `calibration`: of the camera,
   * null where it is not known.
   */
  draw(context, { size, source, ratio, items, calibration, now }) {
    const scale = size[0] / source[0];
    context.save();
    context.lineJoin = "round";
    context.lineCap = "round";
    for (const item of items) if (item.kind === "mask") drawMask(context, item, size);
    for (const item of items) if (item.kind === "box") drawBox(context, item, scale, ratio);
    for (const item of items) if (item.kind === "target") drawTarget(context, item, scale, ratio);
    const camera = calibration ?? guessedCamera(...source);
    this.#tags.draw(context, items, { camera, isGuess: !calibration, scale, size, ratio, now });
    const poses = items.map((item) => ({ item, seen: seenOf(item, calibration) })).filter(({ seen }) => seen);
    for (const { item, seen } of poses) {
      if (item.kind === "pose" && item.size) drawEdges(context, cuboid(calibration, item, item.axes) ?? [], colorOf(item.label), scale, ratio);
      drawAxes(context, seen, scale, ratio);
    }
    if (size[0] / ratio >= WORDS_MIN_WIDTH) {
      const taken = this.#writeLines(context, items, size, ratio);
      this.#writeAtPlaces(context, items, poses, taken, size, scale, ratio);
    }
    context.restore();
  }

  /** Text without a place, and what this page does not know: one line each, in the corner. Returns the boxes of the lines. */
  #writeLines(context, items, size, ratio) {
    const lines = items
      .filter(({ kind, x }) => kind === "other" || (kind === "text" && x === null))
      .map((item) => (item.kind === "text" ? item.text : words(item).join("  ")));
    const shown = lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), `… and ${lines.length - MOST_LINES + 1} more`] : lines;
    const edge = 8 * ratio;
    let y = edge;
    return shown.map((line) => {
      const image = this.#labels.get(line, null, ratio, size[0] - 2 * edge);
      context.drawImage(image, edge, y);
      y += image.height + 2 * ratio;
      return [edge, y - image.height, edge + image.width, y];
    });
  }

  /** Labels of boxes and poses, and text that has a place: inside the picture, and over no other words where there is room. */
  #writeAtPlaces(context, items, poses, taken, size, scale, ratio) {
    const put = (text, color, placesFor) => {
      const image = this.#labels.get(text, color, ratio, size[0]);
      const { width, height } = image;
      const boxes = placesFor(width, height).map(([x, y]) => {
        const [left, top] = [within(x, size[0] - width), within(y, size[1] - height)];
        return [left, top, left + width, top + height];
      });
      const box = boxes.find((place) => !taken.some((other) => overlap(place, other))) ?? boxes[0];
      context.drawImage(image, box[0], box[1]);
      taken.push(box);
    };
    for (const item of items.filter(({ kind }) => kind === "target")) {
      const [xs, ys] = [0, 1].map((axis) => item.outline.map((corner) => corner[axis] * scale));
      const [left, top, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...ys)];
      put(targetLabel(item), colorOf(item.label), (_, height) => [...(top >= height ? [[left, top - height - ratio]] : []), [left, bottom + ratio]]);
    }
    for (const item of items) {
      const [x, y] = [item.x * scale, item.y * scale];
      const label = item.kind === "box" ? boxLabel(item) : "";
      const bottom = y + item.height * scale;
      // On the box, else in it, else below it.
      if (label) put(label, colorOf(item.label), (_, height) => [...(y >= height ? [[x - ratio, y - height - ratio]] : []), [x, y], [x, bottom - height], [x, bottom]]);
      if (item.kind === "text" && item.x !== null) put(item.text, null, (_, height) => [[x, y - height / 2]]);
    }
    const beside = 4 * ratio;
    for (const { item, seen } of poses) {
      const [x, y] = seen.origin.map((part) => part * scale);
      // The axes of what stands upright go to the right and down.
      if (item.kind === "pose" && item.label) put(item.label, null, (width, height) => [[x - width - beside, y - height - beside], [x + beside, y + beside]]);
    }
  }
}

function drawMask(context, { mask, color, label }, size) {
  const layer = layerOf(mask, color, colorOf(label));
  if (!layer) return;
  context.globalAlpha = MASK_ALPHA;
  context.drawImage(layer, 0, 0, ...size);
  context.globalAlpha = 1;
}

function drawBox(context, { x, y, width, height, label }, scale, ratio) {
  context.beginPath();
  context.rect(x * scale, y * scale, width * scale, height * scale);
  stroke(context, colorOf(label), ratio);
}

/** Its outline, and a cross at the place that is aimed at. */
function drawTarget(context, { outline, aim, label }, scale, ratio) {
  const [x, y] = aim.map((part) => part * scale);
  const arm = 6 * ratio;
  context.beginPath();
  outline.forEach(([cornerX, cornerY], index) => (index === 0 ? context.moveTo : context.lineTo).call(context, cornerX * scale, cornerY * scale));
  context.closePath();
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
  stroke(context, colorOf(label), ratio);
}

function drawEdges(context, edges, color, scale, ratio) {
  context.beginPath();
  for (const [[fromX, fromY], [toX, toY]] of edges) {
    context.moveTo(fromX * scale, fromY * scale);
    context.lineTo(toX * scale, toY * scale);
  }
  stroke(context, color, 0.5 * ratio);
}

/** Where the axes of a pose are seen. Without the camera's calibration nobody knows. */
function seenOf(item, calibration) {
  if (!calibration) return null;
  if (item.kind === "target" && item.pose) return axesOfLength(calibration, item.pose, TARGET_AXES_M);
  return item.kind === "pose" ? axesOfLength(calibration, item, item.axes) : null;
}

function within(place, last) {
  return Math.max(0, Math.min(last, place));
}

function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
