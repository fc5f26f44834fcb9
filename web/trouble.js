// Whether a camera's picture is live, and if not, why. Pure but for the clock of the link.

import { brief, duration, stateOf } from "./words.js";

/** No camera is called gone before. */
const LEAST_MS = 1000;
/** The supervisor hears of a camera twice a second: silence shorter than this part of our patience may only be that. */
const TOLD_SHARE = 0.7;
/** Nor a page's view of it before this, while the supervisor says that the camera is well: then only our connection is slow. */
const SLOW_LINK_MS = 4000;

/**
 * Returns `{ age_ms, why }` when the camera sends nothing, else null. `age_ms` is that of its last picture, NaN when none came.
 */
export function troubleOf(app, camera) {
  if (!app.status) return null;
  if (camera.trouble) return { age_ms: camera.age(), why: camera.trouble };
  const node = app.status.nodes[camera.node];
  const stream = app.status.streams[camera.name];
  if (!camera.isCamera && (!node || stateOf(node).tone === "good")) return null;
  const tone = node ? stateOf(node).tone : "idle";
  const patience = Math.max(LEAST_MS, stream?.fps > 0 ? 5000 / stream.fps : 0);
  const isWell = tone === "good";
  const told = stream?.silent_ms ?? Infinity;
  const isGone = !isWell || told > patience * TOLD_SHARE;
  // While the camera is well, what was not asked for cannot have come yet: then only what the supervisor saw of it counts.
  const most = !isWell ? Infinity : isGone ? told + app.statusAge() * 1000 : performance.now() - camera.watchedSince;
  const silence = Math.min(camera.silence(), most);
  if (!(silence > (isGone ? patience : SLOW_LINK_MS))) return null;
  return { age_ms: camera.age(), why: reason(camera, node) };
}

/** When its last picture came, in words. */
export function lastPicture({ age_ms: age }) {
  return Number.isFinite(age) ? `last picture ${duration(age / 1000)} ago` : "no picture yet";
}

function reason(camera, node) {
  if (!node) return `${camera.node} is not in the pipeline any more`;
  const { word, tone } = stateOf(node);
  if (node.error && tone !== "good") return [brief(node.error), node.hint].filter(Boolean).join("; ");
  if (tone === "good") return `${camera.node} sends nothing`;
  return `${camera.node}: ${word}`;
}
