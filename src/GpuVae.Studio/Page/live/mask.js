// Painting what is hidden: the mask has the model's size, white where something is to be filled in.
export class MaskPainter {
  #canvas;
  #brushAt;
  #last;

  constructor(canvas, onDone) {
    this.#canvas = canvas;
    this.brush = 4;
    this.erases = false;
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = undefined;
      this.#stroke(event);
    });
    canvas.addEventListener('pointermove', event => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#stroke(event);
    });
    canvas.addEventListener('pointerup', onDone);
    canvas.addEventListener('keydown', event => {
      const step = event.shiftKey ? 4 : 1;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (by) {
        this.#brushAt = [
          Math.min(this.mask.width, Math.max(0, this.#brushAt[0] + by[0])),
          Math.min(this.mask.height, Math.max(0, this.#brushAt[1] + by[1])),
        ];
        this.#show(true);
      } else if (event.key === ' ') {
        this.#dab(...this.#brushAt);
        onDone();
      } else return;
      event.preventDefault();
    });
    canvas.addEventListener('focus', () => this.#show(canvas.matches(':focus-visible')));
    canvas.addEventListener('blur', () => this.#show());
  }

  resize(width, height) {
    this.mask = Object.assign(document.createElement('canvas'), { width, height });
    this.#brushAt = [width / 2, height / 2];
    this.clear();
  }

  clear() {
    const paint = this.mask.getContext('2d', { willReadFrequently: true });
    paint.fillStyle = '#000';
    paint.fillRect(0, 0, this.mask.width, this.mask.height);
    this.#show();
  }

  restore(content) {
    this.mask.getContext('2d').putImageData(content, 0, 0);
    this.#show();
  }

  // In shares of the sides.
  hide(left, top, width, height) {
    this.clear();
    const paint = this.mask.getContext('2d');
    paint.fillStyle = '#fff';
    paint.fillRect(
      Math.ceil(left * this.mask.width), Math.ceil(top * this.mask.height), Math.floor(width * this.mask.width),
      Math.floor(height * this.mask.height));
    this.#show();
  }

  get isEmpty() {
    const { data } = this.mask.getContext('2d').getImageData(0, 0, this.mask.width, this.mask.height);
    for (let i = 0; i < data.length; i += 4) if (data[i] >= 128) return false;
    return true;
  }

  #stroke(event) {
    const box = this.#canvas.getBoundingClientRect();
    const at = [
      (event.clientX - box.left) / box.width * this.mask.width, (event.clientY - box.top) / box.height * this.mask.height,
    ];
    const from = this.#last ?? at, steps = Math.ceil(2 * Math.hypot(at[0] - from[0], at[1] - from[1]) / this.brush) + 1;
    for (let i = 1; i <= steps; i++) this.#dab(from[0] + (at[0] - from[0]) * i / steps, from[1] + (at[1] - from[1]) * i / steps);
    this.#last = at;
  }

  #dab(x, y) {
    const paint = this.mask.getContext('2d');
    paint.fillStyle = this.erases ? '#000' : '#fff';
    paint.beginPath();
    paint.arc(x, y, this.brush / 2, 0, 2 * Math.PI);
    paint.fill();
    this.#show();
  }

  // Over the picture: a veil where the mask is white.
  #show(withBrush = false) {
    const { width, height } = this.mask, paint = this.#canvas.getContext('2d');
    const seen = this.mask.getContext('2d').getImageData(0, 0, width, height);
    for (let i = 0; i < seen.data.length; i += 4) {
      const hidden = seen.data[i] >= 128;
      [seen.data[i], seen.data[i + 1], seen.data[i + 2], seen.data[i + 3]] = [79, 91, 213, hidden ? 200 : 0];
    }
    Object.assign(this.#canvas, { width, height });
    paint.putImageData(seen, 0, 0);
    if (!withBrush) return;
    paint.strokeStyle = '#ffb86b';
    paint.beginPath();
    paint.arc(...this.#brushAt, Math.max(1, this.brush / 2), 0, 2 * Math.PI);
    paint.stroke();
  }
}
