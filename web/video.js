// H.264 by WebRTC: a connection a camera, begun once its pictures move, given up for JPEG where it does not work.

/** From the offer to the first picture that is drawn, and from picture to picture: after that it is JPEG again. */
const PATIENCE_MS = 2000;
/** A camera that sends fewer pictures a second is left to JPEG. */
const LEAST_FPS = 5;
/** After it failed, it is tried again so late: each time twice as late. */
const RETRY_MS = 30_000;
const MOST_RETRIES = 4;
/** Headers that are remembered until their picture comes. */
const MOST_HEADERS = 120;

/** The kinds of H.264 that this browser decodes, best first; none where it cannot. */
const codecs = () => {
  const all = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const h264 = all.filter(({ mimeType, sdpFmtpLine = "" }) => /h264/i.test(mimeType) && /packetization-mode=1/.test(sdpFmtpLine));
  const isBaseline = ({ sdpFmtpLine }) => /profile-level-id=42[ec]0/i.test(sdpFmtpLine);
  return h264.length === 0 ? [] : [...h264.filter(isBaseline), ...h264.filter((codec) => !isBaseline(codec)), ...all.filter(({ mimeType }) => /rtx/i.test(mimeType))];
};

/** All connections of this page. */
export class Videos {
  /** `app`: cameras, link; asked to tell the server again what is watched. */
  constructor(app) {
    this.app = app;
    this.codecs = "requestVideoFrameCallback" in HTMLVideoElement.prototype ? codecs() : [];
    this.lines = new Map();
    /** By camera: how often it failed, when last, and why. */
    this.failed = new Map();
  }

  /** Whether a camera's pictures are to come as H.264: then its header comes here. */
  has({ name, view }) {
    return view === "picture" && Boolean(this.lines.get(name)?.isConnected);
  }

  /** Begins what may begin and ends what does not go on: called four times a second. */
  update() {
    for (const [name, line] of this.lines) {
      if (!this.app.cameras.has(name)) this.#end(name);
      else line.check(this.app.seen.includes(line.camera));
    }
    for (const camera of this.app.seen) if (this.#isDue(camera)) this.#begin(camera);
  }

  #isDue(camera) {
    if (this.codecs.length === 0 || this.app.isLost || document.hidden || camera.isHeld) return false;
    if (camera.view !== "picture" || this.lines.has(camera.name)) return false;
    const { times, at } = this.failed.get(camera.name) ?? { times: 0, at: -Infinity };
    if (times > MOST_RETRIES || performance.now() - at < RETRY_MS * 2 ** (times - 1)) return false;
    const { fps, drawn } = camera.stats(2000);
    return drawn >= 5 && fps >= LEAST_FPS;
  }

  #begin(camera) {
    const line = new Line(camera, this.codecs, {
      offer: (sdp) => this.app.link.send({ type: "offer", camera: camera.name, sdp }),
      connected: () => this.app.live.watch(),
      failed: (why) => this.#fail(camera.name, why),
    });
    this.lines.set(camera.name, line);
  }

  #fail(name, why) {
    if (!this.lines.has(name)) return;
    this.failed.set(name, { times: (this.failed.get(name)?.times ?? 0) + 1, at: performance.now(), why });
    this.#end(name);
  }

  #end(name) {
    this.lines.get(name)?.close();
    this.lines.delete(name);
    this.app.live.watch();
  }

  /** Takes in what the server says of a connection: its answer, or that there is none. */
  hear({ type, camera, sdp, why }) {
    if (type === "answer") this.lines.get(camera)?.answer(sdp);
    else this.#fail(camera, why);
  }

  /** Takes in the header of a picture, which itself comes another way. */
  header(header) {
    this.lines.get(header.camera)?.header(header);
  }

  /** The server was lost, and with it every connection. */
  lost() {
    for (const name of [...this.lines.keys()]) this.#end(name);
  }
}

/** One camera's connection. */
class Line {
  constructor(camera, wanted, on) {
    this.camera = camera;
    this.on = on;
    this.isConnected = false;
    /** When the server last sent a header and when the last picture was drawn. */
    this.since = performance.now();
    this.headersSince = null;
    this.headers = new Map();
    /** A picture whose header has not come yet. */
    this.early = null;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.peer = new RTCPeerConnection();
    this.peer.onconnectionstatechange = () => this.#changed();
    this.peer.ontrack = ({ receiver, track }) => this.#play(receiver, track);
    this.#offer(wanted).catch((error) => on.failed(`${error}`));
  }

  async #offer(wanted) {
    const transceiver = this.peer.addTransceiver("video", { direction: "recvonly" });
    transceiver.setCodecPreferences?.(wanted);
    await this.peer.setLocalDescription();
    // The server knows where the packets come from once they come.
    this.on.offer(this.peer.localDescription.sdp);
  }

  answer(sdp) {
    this.peer.setRemoteDescription({ type: "answer", sdp }).catch((error) => this.on.failed(`${error}`));
  }

  #changed() {
    const { connectionState: state } = this.peer;
    if (state === "connected" && !this.isConnected) {
      this.isConnected = true;
      this.since = performance.now();
      this.on.connected();
    } else if (["failed", "closed", "disconnected"].includes(state)) this.on.failed(state);
  }

  #play(receiver, track) {
    // What is seen is to be as new as it can be.
    receiver.jitterBufferTarget = 0;
    receiver.playoutDelayHint = 0;
    this.video.srcObject = new MediaStream([track]);
    this.video.play().catch(() => {});
    const drawn = (_now, { rtpTimestamp }) => {
      if (this.video.srcObject === null) return;
      this.video.requestVideoFrameCallback(drawn);
      // Without it nobody knows which picture this is, nor how old.
      if (rtpTimestamp === undefined) this.on.failed("the browser does not say which picture it shows");
      else this.#picture(rtpTimestamp);
    };
    this.video.requestVideoFrameCallback(drawn);
  }

  async #picture(rtp) {
    const bitmap = await createImageBitmap(this.video).catch(() => null);
    if (!bitmap) return;
    if (this.headers.has(rtp)) return this.#show(rtp, bitmap);
    this.early?.bitmap.close();
    this.early = { rtp, bitmap };
  }

  #show(rtp, bitmap) {
    const header = this.headers.get(rtp);
    this.headersSince = null;
    // Those before it were left out.
    for (const earlier of this.headers.keys()) {
      this.headers.delete(earlier);
      if (earlier === rtp) break;
    }
    this.camera.takeVideo(header, bitmap);
  }

  header(header) {
    this.headersSince ??= performance.now();
    this.camera.isSent(header);
    this.headers.set(header.rtp, header);
    if (this.headers.size > MOST_HEADERS) this.headers.delete(this.headers.keys().next().value);
    if (this.early?.rtp !== header.rtp) return;
    const { bitmap } = this.early;
    this.early = null;
    this.#show(header.rtp, bitmap);
  }

  /** Gives up when nothing comes of what is sent; `isSeen`: whether pictures are asked for. */
  check(isSeen) {
    const now = performance.now();
    if (!isSeen || document.hidden) this.headersSince = null;
    else if (!this.isConnected && now - this.since > PATIENCE_MS) this.on.failed("no connection");
    else if (this.headersSince !== null && now - this.headersSince > PATIENCE_MS) this.on.failed("no pictures come");
  }

  close() {
    this.peer.onconnectionstatechange = null;
    this.peer.close();
    this.video.srcObject = null;
    this.early?.bitmap.close();
  }
}
