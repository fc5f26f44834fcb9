// The one connection to the server: opens, reopens, and knows the server's clock.

const RETRY_MS = [300, 600, 1000, 2000, 3000];
/** The server speaks twice a second; after this silence the connection counts as lost. */
const SILENCE_MS = 6000;
const PING_MS = 2000;
/** Round trips that are remembered; the quickest of them tells the clock best. */
const SAMPLES = 12;

/**
 * Connects and stays connected. `on.open()`, `on.text(message)`, `on.lost()`, and for what is binary
 * `on.picture(header, jpeg)`, `on.spectrum(header, columns)`, `on.pcm(header, samples)`.
 * Returns `{ send(message), now(), isOpen() }`; `now()` is the server's clock in ms, NaN while it is not known.
 */
export function connect(on) {
  let socket = null;
  let attempts = 0;
  let silence = 0;
  let samples = [];
  let offset = NaN;

  const send = (message) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const ping = () => send({ type: "ping", at: performance.now() });

  /** The server read its clock somewhere between leaving and coming back: in the middle, give or take half the trip. */
  const heardClock = (left, serverMs) => {
    const back = performance.now();
    samples = [...samples.slice(1 - SAMPLES), { trip: back - left, offset: serverMs - (left + back) / 2 }];
    offset = samples.reduce((best, sample) => (sample.trip < best.trip ? sample : best)).offset;
  };

  const heard = ({ data }) => {
    silence = performance.now();
    if (typeof data !== "string") {
      const length = new DataView(data).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
      on[header.type]?.(header, new Uint8Array(data, 4 + length));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "pong") return heardClock(message.at, message.now_ms);
    if (message.type === "hello" && Number.isNaN(offset)) offset = message.now_ms - performance.now();
    on.text(message);
  };

  const open = () => {
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    socket = mine;
    mine.binaryType = "arraybuffer";
    silence = performance.now();
    mine.onopen = () => {
      attempts = 0;
      samples = [];
      for (let trip = 0; trip < 5; trip += 1) setTimeout(ping, trip * 120);
      on.open();
    };
    mine.onmessage = heard;
    mine.onclose = () => {
      if (socket !== mine) return;
      socket = null;
      on.lost();
      setTimeout(open, RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]);
      attempts += 1;
    };
  };

  setInterval(() => {
    ping();
    // A close that the other side never answers takes long; the next attempt does not wait for it.
    if (socket && performance.now() - silence > SILENCE_MS) {
      const dead = socket;
      dead.close();
      dead.onclose?.();
    }
  }, PING_MS);
  open();
  return { send, now: () => performance.now() + offset, isOpen: () => socket?.readyState === WebSocket.OPEN };
}
