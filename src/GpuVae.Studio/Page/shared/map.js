// The plane of the latent space on which the test images lie. A drag moves the code within the plane; what else it has stays.
export class LatentMap {
  #canvas;
  // An element of its own: while a slider is dragged the dots need not be painted anew.
  #cross;
  #map;
  #size = [0, 0];
  #at = [0, 0];
  #scale = 1;

  // onMove is told by how much the code changes, onNearest the number of a test image.
  constructor(canvas, cross, onMove, onNearest) {
    [this.#canvas, this.#cross] = [canvas, cross];
    Object.assign(this, { onMove, onNearest });
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      this.#moveTo(this.#placeOf(event));
    });
    canvas.addEventListener('pointermove', event => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#moveTo(this.#placeOf(event));
    });
    canvas.addEventListener('dblclick', () => this.onNearest(this.#nearest()));
    canvas.addEventListener('keydown', event => {
      const step = (event.shiftKey ? 0.5 : 0.1);
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
      if (by) this.#moveTo([this.#at[0] + by[0], this.#at[1] + by[1]]);
      else if (event.key === 'Enter') this.onNearest(this.#nearest());
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  show(map) {
    this.#map = map;
    const reach = map.points.map(({ x, y }) => Math.max(Math.abs(x), Math.abs(y))).sort((a, b) => a - b);
    this.#scale = 1.15 * (reach[Math.floor(0.98 * (reach.length - 1))] || 1);
    this.#draw();
  }

  // Puts the cross where a code lies.
  follow(code) {
    if (!this.#map) return;
    const { center, right, up } = this.#map;
    this.#at = [right, up].map(axis => axis.reduce((sum, value, i) => sum + value * (code[i] - center[i]), 0));
    this.#mark();
  }

  #moveTo(place) {
    if (!this.#map) return;
    const [dx, dy] = [place[0] - this.#at[0], place[1] - this.#at[1]];
    const { right, up } = this.#map;
    this.onMove(right.map((value, i) => dx * value + dy * up[i]));
  }

  #placeOf(event) {
    const box = this.#canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width * 2 - 1) * this.#scale,
      (1 - (event.clientY - box.top) / box.height * 2) * this.#scale,
    ];
  }

  #nearest() {
    let best = 0, least = Infinity;
    this.#map.points.forEach(({ x, y }, i) => {
      const distance = (x - this.#at[0]) ** 2 + (y - this.#at[1]) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  // In pixels of the page.
  #placeOn(x, y) {
    const [width, height] = this.#size;
    return [(x / this.#scale + 1) / 2 * width, (1 - y / this.#scale) / 2 * height];
  }

  #mark() {
    const [x, y] = this.#placeOn(...this.#at);
    this.#cross.style.transform = `translate(${x}px, ${y}px)`;
  }

  #draw() {
    if (!this.#map) return;
    const ratio = devicePixelRatio, width = this.#canvas.clientWidth, height = this.#canvas.clientHeight;
    this.#size = [width, height];
    this.#mark();
    Object.assign(this.#canvas, { width: width * ratio, height: height * ratio });
    const paint = this.#canvas.getContext('2d'), style = getComputedStyle(this.#canvas);
    paint.scale(ratio, ratio);
    paint.strokeStyle = style.getPropertyValue('--line');
    paint.beginPath();
    paint.moveTo(width / 2, 0);
    paint.lineTo(width / 2, height);
    paint.moveTo(0, height / 2);
    paint.lineTo(width, height / 2);
    paint.stroke();
    const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
    paint.globalAlpha = 0.8;
    for (const { x, y, label } of this.#map.points) {
      // Hues a golden angle apart are told from each other, however many there are.
      const color = `hsl(${(label * 137.5 + 230) % 360} 65% ${isDark ? 68 : 48}%)`;
      paint.fillStyle = label === null ? style.getPropertyValue('--accent') : color;
      paint.beginPath();
      paint.arc(...this.#placeOn(x, y), 2.6, 0, 2 * Math.PI);
      paint.fill();
    }
  }
}
