// Plays the sound of one source as it comes. Pieces are scheduled one behind the other: an AudioWorklet would need https off this host.

/** What lies ahead when it begins, and the most that may: then it catches up, and the newest is played. In seconds. */
const CUSHION_S = 0.15;
const MOST_AHEAD_S = 0.45;

export class Player {
  /** `source`: the stream. Called where somebody has just pressed a button: a browser plays nothing unasked. */
  constructor(source, rateHz) {
    this.source = source;
    try {
      this.context = new AudioContext({ sampleRate: rateHz ?? undefined, latencyHint: "interactive" });
    } catch {
      this.context = new AudioContext();
    }
    this.context.resume();
    this.next = 0;
    this.ahead = new Set();
    this.pieces = 0;
    this.behind = NaN;
  }

  /** Takes in a piece; `age_ms`: how long ago its first sample was heard. */
  take({ rate_hz: rateHz }, bytes, age_ms) {
    const { context } = this;
    const length = bytes.length >> 1;
    if (length === 0 || context.state !== "running") return;
    const buffer = context.createBuffer(1, length, rateHz);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const samples = buffer.getChannelData(0);
    for (let at = 0; at < length; at += 1) samples[at] = view.getInt16(2 * at, true) / 32768;
    const now = context.currentTime;
    if (this.next > now + MOST_AHEAD_S) {
      for (const late of this.ahead) late.stop();
      this.next = 0;
    }
    if (this.next < now + 0.005) this.next = now + CUSHION_S;
    const piece = context.createBufferSource();
    piece.buffer = buffer;
    piece.connect(context.destination);
    piece.onended = () => this.ahead.delete(piece);
    piece.start(this.next);
    this.ahead.add(piece);
    this.behind = age_ms / 1000 + this.next - now;
    this.next += buffer.duration;
    this.pieces += 1;
  }

  stop() {
    this.context.close();
  }
}
