// Shows the first camera: its newest picture over the WebSocket.
const canvas = document.getElementById("picture");
const socket = new WebSocket(`ws://${location.host}/live`);
socket.binaryType = "arraybuffer";
let watched = null;
socket.onmessage = async ({ data }) => {
  if (typeof data === "string") {
    const message = JSON.parse(data);
    if (message.type !== "status" || watched) return;
    watched = Object.keys(message.status.streams).find((name) => message.status.streams[name].carries === "image");
    if (watched) socket.send(JSON.stringify({ type: "watch", views: [{ camera: watched, width: 1280, height: 720 }] }));
    return;
  }
  const length = new DataView(data).getUint32(0, true);
  const picture = await createImageBitmap(new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
  socket.send(JSON.stringify({ type: "taken", camera: watched }));
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
};
