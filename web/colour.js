// Colours as numbers: OpenCV's 8-bit hue, saturation and value, and limits around them. Pure.

/** One past the highest hue. */
const HUES = 180;
/** A colour that is picked has limits so far around it. */
const HUE_AROUND = 10;
const BELOW = 60;
const MOST = 255;

const turned = (hue) => ((hue % HUES) + HUES) % HUES;

/** Hue (0 to 179, half degrees; grey has 0), saturation and value (0 to 255) of a colour `[red, green, blue]`. */
export function hsv([r, g, b]) {
  const value = Math.max(r, g, b);
  const spread = value - Math.min(r, g, b);
  if (spread === 0) return [0, 0, value];
  const saturation = Math.floor((255 * spread + Math.floor(value / 2)) / value);
  let hue = 30 * (r - g) + 120 * spread;
  if (value === r) hue = 30 * (g - b);
  else if (value === g) hue = 30 * (b - r) + 60 * spread;
  // To the nearest, halves up.
  return [turned(Math.floor((2 * hue + spread) / (2 * spread))), saturation, value];
}

/** Brightness of a colour, 0 to 255: luma of BT.601. */
export function brightness([r, g, b]) {
  return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
}

/** The mean of pixels `[r, g, b, a, r, …]`, in whole numbers. */
export function meanOf(pixels) {
  const sum = (part) => pixels.reduce((all, level, at) => (at % 4 === part ? all + level : all), 0);
  return [0, 1, 2].map((part) => Math.round(sum(part) / (pixels.length / 4)));
}

/** Whether a number is within limits, both ends included; a hue where `goesRound`. */
export function isWithin(number, [from, to], goesRound = false) {
  if (goesRound && from > to) return number >= from || number <= to;
  return from <= number && number <= to;
}

/** Limits around a picked colour, by key: of `brightness`, or of hue, saturation and value. */
export function around(rgb, isBrightness) {
  const above = (level) => [Math.max(0, level - BELOW), MOST];
  if (isBrightness) return { brightness: above(brightness(rgb)) };
  const [hue, saturation, value] = hsv(rgb);
  return { hue: [turned(hue - HUE_AROUND), turned(hue + HUE_AROUND)], saturation: above(saturation), value: above(value) };
}

/** Limits no wider than needed that hold a colour too: those of `limits` that must change, by key. */
export function widened(limits, rgb) {
  const [hue, saturation, value] = hsv(rgb);
  const numbers = { hue, saturation, value, brightness: brightness(rgb) };
  const missed = Object.entries(limits).filter(([key, range]) => !isWithin(numbers[key], range, key === "hue"));
  return Object.fromEntries(missed.map(([key, range]) => [key, key === "hue" ? widerHue(range, hue) : wider(range, numbers[key])]));
}

function wider([from, to], number) {
  return [Math.min(from, number), Math.max(to, number)];
}

/** The end that is nearer, round the circle, moves. */
function widerHue([from, to], hue) {
  return turned(from - hue) < turned(hue - to) ? [hue, to] : [from, hue];
}
