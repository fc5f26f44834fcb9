// Masks as the server sends them, made into layers that are drawn over a picture.

/** No mask that the server sends has a longer side. */
const LONGEST_SIDE = 1024;

/** The pixels of a mask, 1 inside and 0 outside, row after row; null when it is damaged. Pure. */
export function pixelsOf({ width, height, form, data }) {
  const isSide = (side) => Number.isInteger(side) && side > 0 && side <= LONGEST_SIDE;
  if (!isSide(width) || !isSide(height) || typeof data !== "string") return null;
  let bytes;
  try {
    bytes = atob(data);
  } catch {
    return null;
  }
  const pixels = new Uint8Array(width * height);
  if (form === "bits") {
    if (bytes.length * 8 < pixels.length) return null;
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (bytes.charCodeAt(at >> 3) >> (7 - (at & 7))) & 1;
    return pixels;
  }
  let [at, inside, length, shift] = [0, 0, 0, 0];
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes.charCodeAt(index);
    length += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte & 0x80) continue;
    if (at + length > pixels.length) return null;
    if (inside) pixels.fill(1, at, at + length);
    at += length;
    [inside, length, shift] = [1 - inside, 0, 0];
  }
  return at === pixels.length ? pixels : null;
}

const layers = new WeakMap();

/** The mask in a colour, on a canvas of the mask's own size; made once for each mask. Null when it is damaged. */
export function layerOf(mask, color, fallback) {
  if (!layers.has(mask)) layers.set(mask, layer(mask, color, fallback));
  return layers.get(mask);
}

function layer(mask, color, fallback) {
  const pixels = pixelsOf(mask);
  if (!pixels) return null;
  const canvas = document.createElement("canvas");
  canvas.width = mask.width;
  canvas.height = mask.height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(mask.width, mask.height);
  for (let at = 0; at < pixels.length; at += 1) image.data[4 * at + 3] = pixels[at] * 255;
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = fallback;
  // What is no colour changes nothing.
  if (color) context.fillStyle = color;
  context.fillRect(0, 0, mask.width, mask.height);
  return canvas;
}
