// Lines that are seen on any picture.

const SHADOW = "rgba(0, 0, 0, 0.55)";
/** Of x, y and z. */
export const AXES = ["#ff4d42", "#3fd068", "#4c9dff"];

/** Strokes the path: dark below, coloured above, dashed where `dash` says so. */
export function stroke(context, color, ratio, dash = []) {
  context.lineWidth = 4 * ratio;
  context.strokeStyle = SHADOW;
  context.stroke();
  context.setLineDash(dash);
  context.lineWidth = 2 * ratio;
  context.strokeStyle = color;
  context.stroke();
  context.setLineDash([]);
}

/** Draws `{ origin, ends: [x, y, z] }`, given in pixels of the source. */
export function drawAxes(context, seen, scale, ratio) {
  const [x, y] = seen.origin.map((part) => part * scale);
  seen.ends.forEach((end, axis) => {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(end[0] * scale, end[1] * scale);
    stroke(context, AXES[axis], ratio);
  });
}
