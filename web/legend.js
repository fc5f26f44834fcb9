// What the colours of a depth picture mean, and the depth under the pointer.

import { h, setText } from "./dom.js";
import { fixed } from "./words.js";

/** The depth under the pointer is asked for so often at most. */
const ASK_EVERY_MS = 150;

export class Legend {
  constructor(camera, app) {
    this.camera = camera;
    this.app = app;
    this.from = h("span");
    this.to = h("span");
    this.bar = h("i");
    this.element = h("div", { class: "legend", hidden: true }, this.from, this.bar, this.to);
    this.tip = h("div", { class: "tip", hidden: true });
    this.askedAt = -Infinity;
    this.asks = 0;
    camera.canvas.addEventListener("pointermove", (event) => this.#ask(event));
    camera.canvas.addEventListener("pointerleave", () => this.#hide());
  }

  update() {
    const { legend } = this.camera;
    this.element.hidden = !legend;
    if (!this.#isDepth()) this.#hide();
    if (!legend) return;
    setText(this.from, `${fixed(legend.from, legend.unit ? 2 : 0)} ${legend.unit}`.trim());
    setText(this.to, `${fixed(legend.to, legend.unit ? 2 : 0)} ${legend.unit}`.trim());
    const colors = `linear-gradient(to right, ${legend.colors.join(", ")})`;
    if (this.shown !== colors) this.bar.style.backgroundImage = colors;
    this.shown = colors;
  }

  /** Of a picture that is held the depth is not known any more: the server only has the newest. */
  #isDepth() {
    return this.camera.shownView === "depth" && !this.camera.isHeld && !this.app.isLost;
  }

  #hide() {
    this.asks += 1;
    this.tip.hidden = true;
  }

  async #ask(event) {
    const now = performance.now();
    if (!this.#isDepth() || !this.camera.source || now - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = now;
    this.asks += 1;
    const asked = this.asks;
    const { left, top, width, height } = this.camera.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const [wide, high] = this.camera.source;
    const at = `x=${((x / width) * wide).toFixed(1)}&y=${((y / height) * high).toFixed(1)}`;
    const { answer } = await this.app.get(`api/depth/${this.camera.name}?${at}`);
    // The pointer has gone, or has been elsewhere since.
    if (asked !== this.asks || !answer) return;
    setText(this.tip, Number.isFinite(answer.metres) ? `${fixed(answer.metres, 2)} m` : "not known");
    this.tip.hidden = false;
    this.tip.style.left = `${Math.min(x + 12, width - 84)}px`;
    this.tip.style.top = `${Math.max(4, y - 32)}px`;
  }
}
