// From points before a camera to pixels, as the camera's calibration says. Pure.

/** A camera that nobody measured: square pixels, about 60 degrees wide. */
export function guessedCamera(width, height) {
  const focal = width * 0.87;
  return { width_px: width, height_px: height, fx: focal, fy: focal, cx: width / 2, cy: height / 2, model: "none", distortion: [] };
}

/** A calibration as a camera told it, when it can be reckoned with; else null. */
export function calibrationOf(told) {
  const { fx, fy, cx, cy, model, distortion = [] } = told ?? {};
  const isKnown = [fx, fy, cx, cy].every(Number.isFinite) && Array.isArray(distortion) && distortion.every(Number.isFinite);
  return isKnown && fx > 0 && fy > 0 ? { ...told, model, distortion } : null;
}

/** The pixel of a point in the camera's frame (x right, y down, z ahead; metres), or null when it is not ahead. */
export function project(camera, [x, y, z]) {
  if (!(z > 1e-6)) return null;
  const [u, v] = distort(camera, x / z, y / z);
  return [camera.fx * u + camera.cx, camera.fy * v + camera.cy];
}

function distort({ model, distortion: k = [] }, x, y) {
  const r2 = x * x + y * y;
  if (model === "fisheye") {
    const [k1 = 0, k2 = 0, k3 = 0, k4 = 0] = k;
    const r = Math.sqrt(r2);
    if (r < 1e-9) return [x, y];
    const t = Math.atan(r);
    const t2 = t * t;
    const scale = (t * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))) / r;
    return [x * scale, y * scale];
  }
  if (k.length === 0) return [x, y];
  const [k1, k2, p1, p2, k3 = 0, k4 = 0, k5 = 0, k6 = 0] = k;
  const radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)));
  return [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y];
}

/** `R * point + t`: from the tag's frame to the camera's. */
function toCamera({ R, t }, point) {
  return t.map((offset, row) => offset + R[row][0] * point[0] + R[row][1] * point[1] + R[row][2] * point[2]);
}

/** Half the side of a tag in metres, from where its corners lie on the tag's plane. Lens distortion is left out of account. */
function halfSide(camera, { R, t }, corners) {
  const normal = R.map((row) => row[2]);
  const distance = normal[0] * t[0] + normal[1] * t[1] + normal[2] * t[2];
  const spans = corners.map(([u, v]) => {
    const ray = [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1];
    const along = distance / (normal[0] * ray[0] + normal[1] * ray[1] + normal[2] * ray[2]);
    const from = ray.map((part, axis) => part * along - t[axis]);
    return Math.hypot(...from) / Math.SQRT2;
  });
  return spans.reduce((sum, span) => sum + span, 0) / spans.length;
}

/**
 * Where the axes of a tag's frame are seen: `{ origin, ends: [x, y, z] }` in pixels, each half a side long; null when they
 * cannot be seen. `centre`: where the tag's middle was seen; a guessed camera is moved to fit there.
 */
export function axes(camera, pose, corners, centre, isGuess) {
  const seen = axesOfLength(camera, pose, Array(3).fill(halfSide(camera, pose, corners)));
  if (!seen || !seen.ends.flat().every(Number.isFinite)) return null;
  const { origin, ends } = seen;
  const shift = isGuess ? [centre[0] - origin[0], centre[1] - origin[1]] : [0, 0];
  const moved = ([u, v]) => [u + shift[0], v + shift[1]];
  return { origin: moved(origin), ends: ends.map(moved) };
}

/** Where axes of these lengths, in metres, are seen in pixels: `{ origin, ends: [x, y, z] }`, or null when they cannot be. */
export function axesOfLength(camera, pose, [x, y, z]) {
  const origin = project(camera, pose.t);
  const ends = [
    [x, 0, 0],
    [0, y, 0],
    [0, 0, z],
  ].map((point) => project(camera, toCamera(pose, point)));
  return origin && ends.every((end) => end !== null) ? { origin, ends } : null;
}

/** The edges of a cuboid around a pose, each two pixels; null when a part of it is not ahead. `half`: half its sides, in metres. */
export function cuboid(camera, pose, half) {
  const corners = Array.from({ length: 8 }, (_, corner) => project(camera, toCamera(pose, half.map((side, axis) => (corner & (1 << axis) ? side : -side)))));
  if (corners.includes(null)) return null;
  const axes = [1, 2, 4];
  return axes.flatMap((axis) => corners.map((corner, index) => (index & axis ? null : [corner, corners[index | axis]])).filter(Boolean));
}
