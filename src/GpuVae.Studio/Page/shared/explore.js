// Explore: a code, its picture, and everything that moves it. What decodes is the page's affair: it brings a source of pictures,
//   connect(onFrame, onError, onState)   gives what shows a position at once, of those that wait the newest
//   jump(model, index)                   the code and the label of a test image
//   map(model)                           the plane on which the test images lie, their points on it
//   generate(model, wish)                new pictures: codes, labels, and pictures as URLs
//   strips(model, wish, signal)          what units do: a URL each
//   attributes(model)                    the names of what can be put on top of a code; left out where there is nothing of the kind
import { attributeSliders, chips, element, quote, savePng, showCommand, tell } from './elements.js';
import { LatentMap } from './map.js';
import { t } from './words.js';

const extent = 3, columns = 9, drawnPictures = 12;
// Strips are made some at a time, so that a picture that is dragged meanwhile need not wait for all of them.
const stripsAtOnce = 4, restMilliseconds = 200;
// Nats below which a unit tells next to nothing.
const little = 0.05;
const $ = id => document.getElementById(id);

let source, model, code = [], label, attributes = { values: {} }, sliders = [], live, map, rest, stripping;

export function startExplore(from) {
  source = from;
  const picture = $('picture');
  live = source.connect(
    ({ id, image, microseconds }) => {
      if (picture.width !== image.width || picture.height !== image.height)
        Object.assign(picture, { width: image.width, height: image.height });
      picture.getContext('2d').putImageData(image, 0, 0);
      // The first picture waits until its kernels are compiled.
      if (id > 1) $('speed').textContent = t('perFrame', (microseconds / 1000).toFixed(1));
    },
    error => tell(() => { throw new Error(error); }),
    isOpen => {
      $('status').textContent = t(isOpen ? 'connected' : 'waiting');
      $('status').classList.toggle('on', isOpen);
    });
  map = new LatentMap($('map'), $('cross'), by => setCode(code.map((value, i) => value + by[i])), index => tell(() => jumpTo(index)));
  $('mean').addEventListener('click', mean);
  $('random').addEventListener('click', () => tell(surprise));
  $('save').addEventListener('click', () => savePng(picture, `${model.run}.png`));
  $('draw').addEventListener('submit', event => {
    event.preventDefault();
    tell(drawNew);
  });
  $('again').addEventListener('click', () => {
    $('seed').value = Number($('seed').value) + 1;
    tell(drawNew);
  });
  $('attributes-card').addEventListener('toggle', () => tell(learnAttributes));
  addEventListener('keydown', event => {
    if ($('explore').hidden || event.ctrlKey || event.metaKey || event.target.matches('input:not([type=range]), select')) return;
    if (event.key === 'r' || event.key === 'R') tell(surprise);
    else if (event.key === '0') mean();
  });
}

export async function exploreModel(shown) {
  model = shown;
  document.title = `${model.run} · GpuVae`;
  // Where a picture is shown several times as large as it is, its pixels are to be seen as what they are.
  document.body.classList.toggle('coarse', Math.max(model.width, model.height) <= 32);
  document.body.style.setProperty('--ratio', model.width / model.height);
  code = new Array(model.options.latent).fill(0);
  label = model.labels[0];
  attributes = { values: {} };
  $('attributes').replaceChildren();
  $('attributes-card').open = false;
  chips($('labels'), 'label', model.labels.map(name => [name, name]), label, chosen => {
    label = chosen;
    send();
  });
  makeSliders();
  // Nothing else tells what the units do.
  const hasImages = model.units[0].kl !== null;
  $('map-card').hidden = !hasImages;
  $('attributes-card').hidden = !hasImages || !source.attributes;
  await tell(async () => {
    if (hasImages) await jumpTo(0);
    else send();
    await drawNew();
    if (hasImages) map.show(await source.map(model));
    map.follow(code);
    if (model.note) throw new Error(`${t('noImages')} ${model.note}`);
  });
}

function setCode(values, other = label) {
  code = values;
  if (other !== label) {
    label = other;
    for (const input of $('labels').querySelectorAll('input')) input.checked = input.value === label;
  }
  for (const { unit, input, output } of sliders) {
    input.value = code[unit];
    output.textContent = code[unit].toFixed(2);
  }
  send();
}

function send() {
  live.show({ run: model.run, code, label, attributes: attributes.values });
  map.follow(code);
  // Strips show what units do to this picture, once it rests.
  stripping?.abort();
  clearTimeout(rest);
  rest = setTimeout(() => tell(showStrips), restMilliseconds);
}

function mean() {
  attributes.set?.({});
  setCode(code.map(() => 0));
}

async function surprise() {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  const { codes } = await source.generate(model, { count: 1, seed, label });
  setCode(codes[0]);
}

async function jumpTo(index) {
  const { code: own, label: told } = await source.jump(model, index);
  setCode([...own], told ?? label);
}

function makeSliders() {
  const strong = model.units.filter(({ kl }) => kl === null || kl >= little), shown = strong.length > 0 ? strong : model.units;
  const most = model.units[0].kl;
  const row = ({ unit, kl }) => {
    const key = `${model.run}/unit/${unit}`;
    const name = element('input', { className: 'unit-name', value: localStorage.getItem(key) ?? `z${unit}`, ariaLabel: `z${unit}` });
    name.addEventListener('change', () => localStorage.setItem(key, name.value));
    const output = element('output', { textContent: '0.00' });
    const input = element('input', { type: 'range', min: -extent, max: extent, step: 0.01, value: 0, ariaLabel: `z${unit}` });
    input.addEventListener('input', () => {
      code[unit] = Number(input.value);
      output.textContent = code[unit].toFixed(2);
      send();
    });
    input.addEventListener('dblclick', () => {
      input.value = 0;
      input.dispatchEvent(new Event('input'));
    });
    const strip = element('img', { alt: '' });
    const meter = element('meter', { min: 0, max: most ?? 1, value: kl ?? 0, title: kl === null ? '' : `${kl.toFixed(2)} ${t('nats')}` });
    sliders.push({ unit, input, output, strip });
    return element('li', {},
      element('div', { className: 'unit-head' }, name, meter, element('small', { textContent: meter.title }), output),
      element('div', { className: 'strip' }, strip, input));
  };
  sliders = [];
  $('units').replaceChildren(...shown.map(row));
  const weak = model.units.filter(unit => !shown.includes(unit)), more = $('more-units');
  more.hidden = weak.length === 0;
  more.textContent = t('moreUnits', weak.length);
  more.onclick = () => {
    more.hidden = true;
    $('units').append(...weak.map(row));
    setCode(code);
  };
}

async function showStrips() {
  stripping = new AbortController();
  const { signal } = stripping, center = [...code];
  for (let at = 0; at < sliders.length; at += stripsAtOnce) {
    const some = sliders.slice(at, at + stripsAtOnce), units = some.map(({ unit }) => unit);
    const strips = await source.strips(model, { units, code: center, columns, extent, label }, signal);
    some.forEach(({ strip }, i) => { strip.src = strips[i]; });
  }
}

async function drawNew() {
  const seed = Number($('seed').value);
  const { codes, labels, pictures } = await source.generate(model, { count: drawnPictures, seed });
  $('drawn').replaceChildren(...pictures.map((picture, i) => {
    const button = element('button', { title: labels[i] ?? '' }, element('img', { src: picture, alt: `${i + 1}` }));
    button.addEventListener('click', () => setCode(codes[i], labels[i] ?? label));
    return button;
  }));
  if (model.path) showCommand($('draw-command'), `gpuvae generate --run ${quote(model.path)} --count ${drawnPictures} --seed ${seed}`);
}

async function learnAttributes() {
  if (!$('attributes-card').open || $('attributes').children.length > 0) return;
  $('attributes').textContent = t('learning');
  try {
    attributes = attributeSliders($('attributes'), await source.attributes(model), send);
  } catch (error) {
    $('attributes').replaceChildren();
    throw error;
  }
}
