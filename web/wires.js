// Where the wires of the pipeline view go: from a stream's row to its reader's row, past the cards between.

import { setAttribute } from "./dom.js";
import { ageTone } from "./words.js";

/** From the top of a row to the dot where its wire ends. */
const PORT_PX = 13;
/** From a column's cards to a wire that runs beside them, and between two such wires. */
const BESIDE_PX = 12;
const LANE_PX = 5;
const LANES = 5;
/** Radius of a wire's corners. */
const CORNER_PX = 7;
const SVG = "http://www.w3.org/2000/svg";

export class Wires {
  /** `pipeline`: its cards and columns, and the status. */
  constructor(pipeline) {
    this.pipeline = pipeline;
    this.element = document.createElementNS(SVG, "svg");
    this.element.setAttribute("class", "wires");
    this.element.setAttribute("aria-hidden", "true");
    this.paths = new Map();
  }

  /** Draws all of them anew. */
  draw() {
    const { app, element, cards } = this.pipeline;
    const { status } = app;
    this.frame = element.getBoundingClientRect();
    if (!status || this.frame.width === 0) return;
    this.top = this.frame.top - element.scrollTop;
    const bottoms = [...cards.values()].map((card) => card.element.getBoundingClientRect().bottom);
    this.element.setAttribute("width", this.frame.width);
    this.element.setAttribute("height", Math.max(0, ...bottoms) - this.top + 80);
    const wanted = new Map(status.edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
    for (const [key, path] of this.paths) {
      if (wanted.has(key)) continue;
      path.remove();
      this.paths.delete(key);
    }
    /** By height: wires that go through that gap. */
    this.used = new Map();
    this.lanes = 0;
    for (const [key, edge] of wanted) {
      const from = cards.get(edge.from.split("/")[0])?.outputs.get(edge.from)?.element;
      const to = cards.get(edge.to)?.inputs.get(edge.from)?.element;
      if (!from || !to) continue;
      if (!this.paths.has(key)) {
        this.paths.set(key, document.createElementNS(SVG, "path"));
        this.element.append(this.paths.get(key));
      }
      const [a, b] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
      const start = [a.right + 1 - this.frame.left, a.top + PORT_PX - this.top];
      const end = [b.left - 1 - this.frame.left, b.top + PORT_PX - this.top];
      this.paths.get(key).setAttribute("d", this.#way(edge, start, end));
    }
  }

  #way({ from, to }, start, end) {
    const { columns } = this.pipeline;
    const [first, last] = [from.split("/")[0], to].map((name) => columns.findIndex(({ parts }) => parts.has(name)));
    if (first >= last) return this.#back(columns.slice(last, first + 1).reverse(), start, end);
    // From a source to a sink it goes past the stages.
    const passed = columns.slice(first + 1, last).find(({ parts }) => parts.size > 0);
    return curve(passed ? [start, ...this.#gap(passed, start[1], end[1]), end] : [start, end]);
  }

  /** A wire to a reader in the same column or one before: out, through a gap of each column, and in from the left. */
  #back(columns, start, end) {
    const lane = (this.lanes % LANES) * LANE_PX;
    this.lanes += 1;
    const points = [start];
    for (const column of columns) {
      const [[left, height], [right]] = this.#gap(column, points.at(-1)[1], end[1]);
      points.push([right + BESIDE_PX + lane, points.at(-1)[1]], [right + BESIDE_PX + lane, height], [left - BESIDE_PX - lane, height]);
    }
    return rounded([...points, [points.at(-1)[0], end[1]], end]);
  }

  /** Two points at the column's edges, between two of its cards or beyond them, as near to the straight way as there is. */
  #gap(column, from, to) {
    const cards = [...column.parts.values()].map(({ element }) => element.getBoundingClientRect());
    const heights = cards.slice(1).map((card, index) => (cards[index].bottom + card.top) / 2 - this.top);
    heights.push(cards.at(-1).bottom + 12 - this.top);
    const way = (height) => Math.abs(height - from) + Math.abs(height - to);
    const best = heights.reduce((least, height) => (way(height) < way(least) ? height : least));
    const before = this.used.get(best) ?? 0;
    this.used.set(best, before + 1);
    const isLast = best === heights.at(-1);
    // Wires through the same gap lie side by side.
    const height = best + (isLast ? before * 5 : [0, 4, -4, 2, -2][before % 5]);
    return [[cards[0].left - this.frame.left - 8, height], [cards[0].right - this.frame.left + 8, height]];
  }

  /** Shows by their colour how old what they carry is. */
  colour() {
    for (const edge of this.pipeline.app.status.edges) {
      const path = this.paths.get(`${edge.from} ${edge.to}`);
      if (path) setAttribute(path, "data-tone", edgeTone(edge));
    }
  }
}

/** A line through points that leaves and enters each one level. */
function curve(points) {
  return points.reduce((path, [x, y], index) => {
    if (index === 0) return `M${x} ${y}`;
    const [fromX, fromY] = points[index - 1];
    if (fromY === y) return `${path}L${x} ${y}`;
    const bend = Math.max(20, (x - fromX) / 2);
    return `${path}C${fromX + bend} ${fromY} ${x - bend} ${y} ${x} ${y}`;
  }, "");
}

/** Straight lines through points, with round corners where there is room for them. */
export function rounded(points) {
  const towards = ([x, y], [toX, toY], most) => {
    const length = Math.hypot(toX - x, toY - y);
    const share = length > 0 ? Math.min(most, length / 2) / length : 0;
    return `${x + (toX - x) * share} ${y + (toY - y) * share}`;
  };
  return points.reduce((path, point, index) => {
    if (index === 0) return `M${point[0]} ${point[1]}`;
    if (index === points.length - 1) return `${path}L${point[0]} ${point[1]}`;
    const [before, after] = [towards(point, points[index - 1], CORNER_PX), towards(point, points[index + 1], CORNER_PX)];
    return `${path}L${before}Q${point[0]} ${point[1]} ${after}`;
  }, "");
}

function edgeTone(edge) {
  if (!(edge.fps > 0)) return "idle";
  return ageTone(edge.age_ms?.p50 ?? 0);
}
