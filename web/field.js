// Where the robot stands: the field from above, with the robot, its trail and the tags.

import { h, setAttribute, setText } from "./dom.js";
import { short } from "./results.js";
import { fixed } from "./words.js";

/** Nothing on a field is farther from its origin, in metres. */
const FARTHEST_M = 1e3;
const MOST_TAGS = 200;
const MOST_OUTLIERS = 8;
const MOST_LETTERS = 120;
/** The trail: so long, and so many places. */
const TRAIL_MS = 20000;
const MOST_PLACES = 600;
/** A robot as it is drawn, and how far around the field one sees, in metres. */
const ROBOT_M = 0.8;
const MARGIN_M = 0.4;
const TAG_M = 0.5;
/** A field is never drawn higher than so many times its width. */
const STEEPEST = 1.2;
const METHODS = { __proto__: null, multi_tag: "several tags", tag_and_heading: "tags and heading", single_tag: "one tag", target_and_heading: "target and heading" };

/** What a `field_pose` says, made safe to draw; null for anything else. */
export function placeOf(body) {
  if (body?.type !== "field_pose") return null;
  const { robot, std_devs: deviations, outliers, tags, field } = body;
  const list = (of, most) => (Array.isArray(of) ? of.slice(0, most) : []);
  const isPlace = robot && [robot.x, robot.y].every(isNear) && isAngle(robot.yaw);
  return {
    robot: isPlace ? { x: robot.x, y: robot.y, yaw: robot.yaw } : null,
    deviations: Array.isArray(deviations) && deviations.length === 3 && deviations.every((value) => isNear(value) && value >= 0) ? deviations : null,
    method: METHODS[body.method] ?? null,
    error: isNear(body.error_px) ? body.error_px : null,
    isGuess: body.calibrated === false,
    isRed: body.alliance === "red",
    tags: new Set(list(tags, MOST_TAGS).filter(Number.isInteger)),
    outliers: list(outliers, MOST_OUTLIERS).map((outlier) => ({
      id: Number.isInteger(outlier?.id) ? outlier.id : null,
      why: short(outlier?.why ?? "", MOST_LETTERS),
    })),
    refused: isPlace ? null : short(body.refused ?? "no place", MOST_LETTERS),
    field: mapOf(field),
  };
}

function mapOf(field) {
  if (!field || typeof field !== "object") return null;
  const isTag = (tag) => Number.isInteger(tag?.id) && [tag.x, tag.y].every(isNear) && isAngle(tag.yaw);
  const isSide = (side) => isNear(side) && side > 0;
  const tags = Array.isArray(field.tags) ? field.tags.slice(0, MOST_TAGS).filter(isTag) : [];
  return { size: isSide(field.length) && isSide(field.width) ? [field.length, field.width] : null, tags };
}

/** What was told of one stage's field so far. */
export class Ground {
  constructor() {
    this.map = { size: null, tags: [] };
    this.place = null;
    /** The last robot that was told, and the way it came: `{ x, y, at }`, oldest first. */
    this.robot = null;
    this.trail = [];
    /** Called after each change. */
    this.onChanged = () => {};
  }

  /** Takes in what `placeOf` returned, at `now` in ms. */
  take(place, now) {
    this.place = place;
    this.map = place.field ?? this.map;
    if (place.robot) {
      this.robot = place.robot;
      this.trail.push({ x: place.robot.x, y: place.robot.y, at: now });
    }
    while (this.trail.length > MOST_PLACES || (this.trail.length > 0 && this.trail[0].at < now - TRAIL_MS)) this.trail.shift();
    this.onChanged();
  }

  /** What is to be seen: `[left, bottom, right, top]` in metres. */
  bounds() {
    if (this.map.size) return [-MARGIN_M, -MARGIN_M, this.map.size[0] + MARGIN_M, this.map.size[1] + MARGIN_M];
    const points = [{ x: 0, y: 0 }, ...this.map.tags, ...(this.robot ? [this.robot] : [])];
    const [xs, ys] = ["x", "y"].map((axis) => points.map((point) => point[axis]));
    return [Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 1, Math.max(...ys) + 1];
  }

  /** Name and value of each figure. */
  rows() {
    const { place } = this;
    if (!place) return [];
    const about = place.isGuess ? "≈" : "";
    const [x, y, yaw] = place.deviations ?? [NaN, NaN, NaN];
    const metres = (value, off) => `${about}${fixed(value, 2)} m ± ${fixed(off, 2)}`;
    const found = place.robot
      ? [
          ["x", metres(place.robot.x, x)],
          ["y", metres(place.robot.y, y)],
          ["yaw", `${about}${fixed(place.robot.yaw, 1)}° ± ${fixed(yaw, 1)}`],
          ["from", [place.method, [...place.tags].join(", ")].filter(Boolean).join(": ")],
          ...(place.error === null ? [] : [["corners", `${fixed(place.error, 2)} px off`]]),
        ]
      : [["no place", place.refused]];
    return [...found, ...place.outliers.map(({ id, why }) => [id === null ? "a target" : `tag ${id}`, why])];
  }
}

/** The picture of a `Ground`. */
export class FieldView {
  #asked = 0;

  constructor() {
    this.canvas = h("canvas", { role: "img" });
    this.note = h("p", { class: "quiet", hidden: true }, "No place yet.");
    this.element = h("div", { class: "field" }, this.canvas, this.note);
    this.ground = null;
    new ResizeObserver(() => this.#ask()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#ask());
  }

  show(ground) {
    if (this.ground === ground) return;
    if (this.ground) this.ground.onChanged = () => {};
    this.ground = ground;
    ground.onChanged = () => this.#ask();
    this.#ask();
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  }

  #draw() {
    const { canvas, ground, element } = this;
    const width = element.clientWidth;
    if (!ground || width === 0) return;
    const isEmpty = ground.map.tags.length === 0 && !ground.map.size && !ground.robot;
    canvas.hidden = isEmpty;
    this.note.hidden = !isEmpty;
    if (isEmpty) return;
    const [left, bottom, right, top] = ground.bounds();
    const ratio = window.devicePixelRatio || 1;
    const height = Math.min((width * (top - bottom)) / (right - left), STEEPEST * width);
    const scale = Math.min(width / (right - left), height / (top - bottom)) * ratio;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    canvas.style.height = `${height}px`;
    const style = getComputedStyle(element);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const edge = [(size[0] - (right - left) * scale) / 2, (size[1] - (top - bottom) * scale) / 2];
    const at = (x, y) => [edge[0] + (x - left) * scale, edge[1] + (top - y) * scale];
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, ...size);
    context.lineCap = "round";
    context.lineJoin = "round";
    drawGround(context, ground, { at, scale, ratio, color });
    drawTags(context, ground, { at, scale, ratio, color });
    drawTrail(context, ground, { at, ratio, color });
    if (ground.robot) drawRobot(context, ground, { at, scale, ratio, color });
    const { robot, place } = ground;
    const where = robot ? `robot at x ${fixed(robot.x, 1)} m, y ${fixed(robot.y, 1)} m, yaw ${fixed(robot.yaw, 0)}°` : "no robot";
    setAttribute(canvas, "aria-label", `The field from above: ${where}${robot && !place.robot ? ", as it was last known" : ""}`);
  }
}

/** The figures of a `Ground`, as rows of a table. */
export class FieldRows {
  constructor() {
    this.body = h("tbody");
    this.element = h("table", { class: "found" }, this.body);
  }

  update(ground) {
    const rows = ground.rows();
    while (this.body.children.length > rows.length) this.body.lastChild.remove();
    rows.forEach(([name, text], index) => {
      const row = this.body.children[index] ?? this.body.appendChild(h("tr", {}, h("th", { scope: "row" }), h("td")));
      setText(row.children[0], name);
      setText(row.children[1], text);
    });
  }
}

function drawGround(context, { map, place }, { at, ratio, color }) {
  if (!map.size) return;
  const [length, width] = map.size;
  const [[x0, y1], [x1, y0]] = [at(0, 0), at(length, width)];
  context.fillStyle = color("sunken");
  context.strokeStyle = color("line");
  context.lineWidth = ratio;
  context.fillRect(x0, y0, x1 - x0, y1 - y0);
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  // The wall of the alliance that places are counted from is on the left.
  const walls = [color("busy"), color("bad")];
  if (place?.isRed) walls.reverse();
  [x0, x1].forEach((x, side) => line(context, [x, y0], [x, y1], walls[side], 3 * ratio));
}

function drawTags(context, { map, place }, { at, scale, ratio, color }) {
  context.font = `${10 * ratio}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const refused = new Set(place?.outliers.map(({ id }) => id));
  for (const { id, x, y, yaw } of map.tags) {
    const [ahead, left] = [Math.cos((yaw * Math.PI) / 180), Math.sin((yaw * Math.PI) / 180)];
    const shade = place?.tags.has(id) ? color("accent") : refused.has(id) ? color("bad") : color("quiet");
    const [px, py] = at(x, y);
    const half = Math.max((TAG_M / 2) * scale, 4 * ratio);
    // Its face, seen from above, and on the side where it looks a stub and its id: tags stand back to back, and at the edge.
    line(context, [px - left * half, py - ahead * half], [px + left * half, py + ahead * half], shade, 3 * ratio);
    line(context, [px, py], [px + ahead * 5 * ratio, py - left * 5 * ratio], shade, 1.5 * ratio);
    context.fillStyle = color("text");
    context.fillText(`${id}`, px + ahead * 12 * ratio, py - left * 12 * ratio);
  }
}

function drawTrail(context, { trail }, { at, ratio, color }) {
  context.strokeStyle = color("quiet");
  context.lineWidth = 1.5 * ratio;
  context.beginPath();
  trail.forEach(({ x, y }, index) => (index === 0 ? context.moveTo : context.lineTo).call(context, ...at(x, y)));
  context.stroke();
}

function drawRobot(context, { robot, place }, { at, scale, ratio, color }) {
  const [px, py] = at(robot.x, robot.y);
  if (place.robot && place.deviations) {
    const [x, y] = place.deviations.map((deviation) => 2 * deviation * scale);
    context.globalAlpha = 0.25;
    context.fillStyle = color("accent");
    context.beginPath();
    context.ellipse(px, py, x, y, 0, 0, 2 * Math.PI);
    context.fill();
  }
  const half = Math.max((ROBOT_M / 2) * scale, 6 * ratio);
  context.save();
  // One that is not seen now is pale, where it was last.
  context.globalAlpha = place.robot ? 1 : 0.4;
  context.translate(px, py);
  context.rotate((-robot.yaw * Math.PI) / 180);
  context.fillStyle = color("raised");
  context.strokeStyle = color("accent");
  context.lineWidth = 2 * ratio;
  context.fillRect(-half, -half, 2 * half, 2 * half);
  context.strokeRect(-half, -half, 2 * half, 2 * half);
  context.beginPath();
  context.moveTo(half * 0.7, 0);
  context.lineTo(-half * 0.4, -half * 0.55);
  context.lineTo(-half * 0.4, half * 0.55);
  context.closePath();
  context.fillStyle = color("accent");
  context.fill();
  context.restore();
  context.globalAlpha = 1;
}

function line(context, from, to, color, width) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

function isNear(number) {
  return typeof number === "number" && Math.abs(number) <= FARTHEST_M;
}

function isAngle(number) {
  return typeof number === "number" && Math.abs(number) <= 360;
}
