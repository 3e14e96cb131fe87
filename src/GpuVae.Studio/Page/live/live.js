// The socket that turns positions into frames. It comes back by itself, and then asks for the last position again.
import { t } from './words.js';

const headerBytes = 28;

export class Live {
  #socket;
  #last;
  #id = 0;
  #delay = 250;

  constructor(onFrame, onError, onState) {
    Object.assign(this, { onFrame, onError, onState });
    this.#connect();
  }

  show(position) {
    this.#last = { ...position, id: ++this.#id };
    this.#send();
  }

  #send() {
    if (this.#last && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(this.#last));
  }

  #connect() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.#socket = new WebSocket(`${scheme}://${location.host}/api/live`);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => {
      this.#delay = 250;
      this.onState(true);
      this.#send();
    };
    this.#socket.onclose = () => {
      this.onState(false);
      setTimeout(() => this.#connect(), this.#delay);
      this.#delay = Math.min(4000, 2 * this.#delay);
    };
    this.#socket.onmessage = ({ data }) => {
      if (typeof data === 'string') this.onError(t('refused', 400, JSON.parse(data).error));
      else this.onFrame(decode(data));
    };
  }
}

function decode(buffer) {
  const [id, width, height, depth, , microseconds] = new Int32Array(buffer, 0, headerBytes / 4);
  const bytes = new Uint8ClampedArray(buffer, headerBytes);
  if (depth === 4) return { id, microseconds, image: new ImageData(bytes, width, height) };
  const image = new ImageData(width, height), words = new Uint32Array(image.data.buffer);
  // Little-endian: alpha, blue, green, red.
  for (let i = 0; i < bytes.length; i++) words[i] = 0xff000000 | (bytes[i] * 0x010101);
  return { id, microseconds, image };
}
