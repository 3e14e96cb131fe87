// Put into a page before its own scripts: when each position of a slider was wanted, sent, answered and drawn.
window.moves = [];
window.firstPicture = 0;
// Positions without a frame yet; a frame is also that of those before it, which it has overtaken.
let asked = [], received, header;
window.isWaiting = () => asked.length > 0;

addEventListener('input', () => { asked.push({ began: performance.now() }); }, true);

window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    // Before the page's own handler.
    this.addEventListener('message', ({ data }) => {
      received = performance.now();
      header = new Int32Array(data, 0, 7);
    });
  }

  send(text) {
    super.send(text);
    const position = asked.at(-1);
    if (position) Object.assign(position, { id: JSON.parse(text).id, sent: performance.now() });
  }
};

const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...image) {
  put.apply(this, image);
  if (this.canvas.id !== 'picture') return;
  const drawn = performance.now();
  window.firstPicture ||= drawn;
  // Without a server every frame is that of the newest position.
  const [id, , , , queue, compute, encode] = header ?? [Infinity];
  for (const position of asked.filter(one => one.id === undefined || one.id <= id)) {
    const move = { latency: drawn - position.began };
    if (position.id === id)
      Object.assign(move, {
        page: position.sent - position.began, queue: queue / 1000, compute: compute / 1000, encode: encode / 1000,
        socket: received - position.sent - (queue + compute + encode) / 1000, draw: drawn - received,
      });
    window.moves.push(move);
  }
  asked = asked.filter(one => one.id > id);
};
