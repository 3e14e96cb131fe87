// Where the page without a server has its pictures from: decoder.onnx, run by ONNX Runtime in this browser.
import { InferenceSession, Tensor, env } from './onnxruntime/ort.wasm.bundle.min.mjs';
import { element } from './elements.js';
import { priorDraws, samplerDraws } from './philox.js';
import { t } from './words.js';

// More would need headers that not every host of files can send.
env.wasm.numThreads = 1;
// So long the page may be deaf while it computes what can wait.
const patience = 8, mostAtOnce = 36;

async function file(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

const session = async name => InferenceSession.create(new Uint8Array(await (await file(name)).arrayBuffer()));

export class LocalModel {
  #decoder;
  #source;
  #id = 0;
  #next;
  #isBusy = false;
  #atOnce = 1;

  static async load() {
    const local = new LocalModel();
    const description = file('model.json').then(response => response.json());
    [local.model, local.#decoder] = await Promise.all([description, session('decoder.onnx')]);
    if (local.model.source !== 'None') local.#source = await session(`${local.model.source.toLowerCase()}.onnx`);
    return local;
  }

  connect(onFrame, onError, onState) {
    Object.assign(this, { onFrame, onError });
    onState(true);
    return this;
  }

  show(position) {
    this.#next = { ...position, id: ++this.#id };
    this.#showNewest();
  }

  map = ({ map }) => map;

  jump = ({ pictures }, index) => pictures[index];

  async generate({ options: { latent }, labels: names, source }, { count, seed, label }) {
    const { noise, uniform } = (source === 'Sampler' ? samplerDraws : priorDraws)(seed, count, latent);
    const labels = names.length > 0 ? Array.from({ length: count }, (_, i) => label ?? names[i % names.length]) : [];
    let codes = noise;
    if (this.#source) {
      const inputs = { noise: new Tensor('float32', noise, [count, latent]) };
      if (this.#source.inputNames.includes('uniform')) inputs.uniform = new Tensor('float32', uniform, [count]);
      if (this.#source.inputNames.includes('label')) inputs.label = this.#numbers(labels);
      codes = (await this.#source.run(inputs)).code.data;
    }
    const rows = Array.from({ length: count }, (_, i) => Array.from(codes.subarray(i * latent, (i + 1) * latent)));
    const images = await this.#decodeAll(rows, labels);
    return { codes: rows, labels, pictures: images.map(image => this.#url([image])) };
  }

  async strips(_, { units, code, columns, extent, label }, signal) {
    const strips = [];
    for (const unit of units) {
      const rows = Array.from({ length: columns }, (__, i) => code.with(unit, extent * (2 * i / (columns - 1) - 1)));
      strips.push(this.#url(await this.#decodeAll(rows, rows.map(() => label), signal)));
    }
    return strips;
  }

  async #showNewest() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#next) {
        const { id, code, label } = this.#next, began = performance.now();
        this.#next = undefined;
        const [image] = await this.#decode([code], [label]);
        this.onFrame({ id, image, microseconds: 1000 * (performance.now() - began) });
      }
    } catch (error) {
      this.onError(error.message);
    } finally {
      this.#isBusy = false;
    }
  }

  // What is dragged comes first: it has its turn after every few pictures.
  async #decodeAll(codes, labels, signal) {
    const images = [];
    while (images.length < codes.length) {
      await new Promise(resolve => { setTimeout(resolve); });
      signal?.throwIfAborted();
      const from = images.length, to = from + this.#atOnce, began = performance.now();
      images.push(...await this.#decode(codes.slice(from, to), labels.slice(from, to)));
      const each = (performance.now() - began) / (images.length - from);
      this.#atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(patience / each)));
    }
    return images;
  }

  async #decode(codes, labels) {
    const { width, height, channels, options: { latent }, labels: names } = this.model, count = codes.length, area = width * height;
    if (!codes.flat().every(Number.isFinite)) throw new Error(t('notFinite'));
    const inputs = { code: new Tensor('float32', Float32Array.from(codes.flat()), [count, latent]) };
    if (names.length > 0) inputs.label = this.#numbers(labels);
    const { image: { data } } = await this.#decoder.run(inputs, ['image']);
    return codes.map((_, n) => {
      const image = new ImageData(width, height), first = n * channels * area;
      for (let i = 0; i < area; i++) {
        // Grey has one plane for all three; an array of clamped bytes rounds.
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * data[first + (c % channels) * area + i];
        image.data[4 * i + 3] = 255;
      }
      return image;
    });
  }

  #numbers = labels => new Tensor('int64', BigInt64Array.from(labels, label => BigInt(this.model.labels.indexOf(label))), [labels.length]);

  // Pictures beside each other as one.
  #url(images) {
    const { width, height } = this.model, canvas = element('canvas', { width: images.length * width, height });
    images.forEach((image, i) => canvas.getContext('2d').putImageData(image, i * width, 0));
    return canvas.toDataURL();
  }
}
