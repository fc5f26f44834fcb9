// Words in a picture, each drawn once and kept: writing is the slowest thing to draw.

/** So many are kept; then the oldest goes. */
const MOST = 120;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const SIZE = 12;

export class Labels {
  #images = new Map();

  /** The picture of a text: dark on `color`, or white on dark without one; cut to `most` pixels where that is given. */
  get(text, color, ratio, most = Infinity) {
    const key = `${color} ${ratio} ${most} ${text}`;
    const image = this.#images.get(key) ?? draw(text, color, ratio, most);
    // The one that was used last goes last.
    this.#images.delete(key);
    this.#images.set(key, image);
    if (this.#images.size > MOST) this.#images.delete(this.#images.keys().next().value);
    return image;
  }
}

function draw(text, color, ratio, most) {
  const image = document.createElement("canvas");
  const context = image.getContext("2d");
  const font = `${color ? 600 : 400} ${SIZE * ratio}px ${FONT}`;
  const pad = 5 * ratio;
  context.font = font;
  const shown = cut(context, text, most - 2 * pad);
  image.width = Math.ceil(context.measureText(shown).width + 2 * pad);
  image.height = Math.ceil(SIZE * 1.5 * ratio);
  context.fillStyle = color ?? "rgba(16, 16, 15, 0.82)";
  context.beginPath();
  context.roundRect(0, 0, image.width, image.height, 3 * ratio);
  context.fill();
  context.font = font;
  context.textBaseline = "middle";
  context.fillStyle = color ? "#14120e" : "#fff";
  context.fillText(shown, pad, image.height / 2);
  return image;
}

function cut(context, text, most) {
  if (context.measureText(text).width <= most) return text;
  let letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > most) letters = letters.slice(0, -1);
  return `${letters.join("")}…`;
}
