// Edit: a picture, what the model makes of it, and the way back.
import { draw, get, pngUrl, post, postForBlob, toBase64 } from './api.js';
import { attributeSliders, chips, element, quote, saveBlob, savePng, showCommand, tell } from './elements.js';
import { MaskPainter } from './mask.js';
import { t } from './words.js';

const testPictures = 12;
// Of a file: the server takes a third more, as base64.
const mostBytes = 24e6;
const $ = id => document.getElementById(id);

let model, isOpened = false, firstTest = 0, attributes, painter, running;
// Everything that Undo brings back. The picture is base64, source what the command line calls it.
let state;
// The state after the last change that counts, and those before it.
let kept;
let past = [];

const tools = {
  attributes: {
    request: () => ['/api/edit', { attributes: state.attributes, as: state.as || undefined, decoded: state.decoded }],
    show: answer => [answer.edited, [['original', answer.picture], ['reconstruction', answer.reconstruction], ['edited', answer.edited]]],
    command() {
      const one = ([name, strength]) => quote(`${name}:${Math.abs(strength)}`);
      const [more, less] = [1, -1].map(sign => Object.entries(state.attributes).filter(([, strength]) => sign * strength > 0).map(one));
      const words = [
        ...(more.length ? ['--add', ...more] : []), ...(less.length ? ['--remove', ...less] : []),
        ...(state.as ? ['--label', quote(state.as)] : []),
      ];
      if (words.length === 0) return `reconstruct ${source()}`;
      return `edit ${source()} ${words.join(' ')}${state.decoded && !state.as ? ' --decoded' : ''}`;
    },
  },
  complete: {
    isReady: () => !painter.isEmpty,
    request: () => ['/api/inpaint', { mask: toBase64(painter.mask), samples: state.samples }],
    show: answer => [answer.completed, [
      ['seen', answer.seen], ['completed', answer.completed], ...answer.samples.map((sample, i) => ['sample', sample, i + 1]),
    ]],
    command: () => `inpaint ${source()} --mask mask.png --samples ${Math.max(1, state.samples)}`,
  },
  enlarge: {
    isPossible: () => factors().length > 0,
    request: () => ['/api/upscale', { factor: Number(state.factor) }],
    show: answer => [answer.enlarged, [['small', answer.small], ['bicubic', answer.bicubic], ['enlarged', answer.enlarged]]],
    command: () => `upscale ${source()} --factor ${state.factor}`,
  },
  translate: {
    isPossible: () => model.labels.length > 1 && !model.note,
    isReady: () => state.to !== undefined && state.to !== state.label,
    request: () => ['/api/translate', { to: state.to, from: state.label ?? undefined, label: undefined }],
    show: answer => [answer.translated, [['original', answer.picture], ['translated', answer.translated]]],
    // The command counts the test images of a label by themselves.
    command: () => `translate ${state.isTest ? 'before.png --fit' : source()} `
      + `--from ${quote(state.label ?? '')} --to ${quote(state.to ?? '')}`,
  },
};

const source = () => state.isTest ? `--first ${state.source} --count 1` : `${quote(state.source)} --fit`;
const factors = () => [2, 4].filter(factor => model.width % factor === 0 && model.height % factor === 0);

export function startEdit() {
  painter = new MaskPainter($('mask'), () => apply({ samples: 0 }));
  const drop = $('drop');
  $('file').addEventListener('change', () => tell(() => takeFile($('file').files[0])));
  for (const type of ['dragover', 'dragleave', 'drop'])
    drop.addEventListener(type, event => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
      if (type === 'drop' && event.dataTransfer.files.length > 0) tell(() => takeFile(event.dataTransfer.files[0]));
    });
  $('more-tests').addEventListener('click', () => {
    firstTest += testPictures;
    tell(showTests);
  });
  $('undo').addEventListener('click', undo);
  $('adopt').addEventListener('click', () => tell(adopt));
  $('save-before').addEventListener('click', () => savePng($('before'), 'before.png'));
  $('save-after').addEventListener('click', () => savePng($('after'), 'after.png'));
  $('save-way').addEventListener('click', () => tell(saveWay));
  $('save-mask').addEventListener('click', () => savePng(painter.mask, 'mask.png'));
  $('reset-attributes').addEventListener('click', () => {
    attributes?.set({});
    for (const input of $('edit-labels').querySelectorAll('input')) input.checked = input.value === '';
    apply({ attributes: {}, as: '' });
  });
  $('decoded').addEventListener('change', () => apply({ decoded: $('decoded').checked }));
  $('brush').addEventListener('input', () => { painter.brush = Number($('brush').value); });
  $('erase').addEventListener('change', () => { painter.erases = $('erase').checked; });
  $('clear').addEventListener('click', () => painter.clear());
  $('variants').addEventListener('click', () => apply({ samples: 4 }));
  for (const [name, ...box] of [['upper', 0, 0, 1, 0.5], ['lower', 0, 0.5, 1, 0.5], ['left', 0, 0, 0.5, 1], ['right', 0.5, 0, 0.5, 1]]) {
    const button = element('button', { textContent: t(name) });
    button.addEventListener('click', () => {
      painter.hide(...box);
      apply({ samples: 0 });
    });
    $('halves').append(button);
  }
  addEventListener('keydown', event => {
    if ($('edit').hidden || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
    event.preventDefault();
    undo();
  });
  new MutationObserver(open).observe($('edit'), { attributeFilter: ['hidden'] });
}

export function editModel(shown) {
  [model, isOpened, firstTest, attributes, past, state, kept] = [shown, false, 0, undefined, [], undefined, undefined];
  open();
}

// What takes time is done when the tab is looked at first.
function open() {
  if ($('edit').hidden || isOpened || !model) return;
  isOpened = true;
  painter.resize(model.width, model.height);
  $('brush').max = Math.ceil(model.width / 3);
  painter.brush = Number($('brush').value = Math.ceil(model.width / 8));
  state = {
    tool: 'attributes', attributes: {}, as: '', decoded: false, samples: 0, factor: String(factors()[0]), to: undefined, label: undefined,
  };
  const possible = Object.keys(tools).filter(name => tools[name].isPossible?.() ?? true);
  chips($('tools'), 'tool', possible.map(name => [name, t(`tool${name[0].toUpperCase()}${name.slice(1)}`)]), state.tool, chooseTool);
  const labels = model.labels.map(name => [name, name]);
  chips($('edit-labels'), 'as', labels.length ? [['', t('none')], ...labels] : [], '', as => apply({ as }));
  chips($('factors'), 'factor', factors().map(factor => [String(factor), `${factor}×`]), state.factor, factor => apply({ factor }));
  chips($('targets'), 'to', labels, undefined, to => apply({ to }));
  showTool();
  $('edit-attributes').replaceChildren();
  tell(async () => {
    if (model.note) return;
    await showTests();
    $('tests').firstElementChild.click();
    $('edit-attributes').textContent = t('learning');
    try {
      const { attributes: names } = await get('/api/attributes', { run: model.run });
      attributes = attributeSliders($('edit-attributes'), names, () => run(), () => apply({ attributes: { ...attributes.values } }));
    } catch {
      $('edit-attributes').textContent = t('noAttributes');
    }
  });
}

async function showTests() {
  const take = () => get('/api/pictures', { run: model.run, first: firstTest, count: testPictures });
  const { count, pictures } = await take();
  if (firstTest + testPictures >= count) firstTest = -testPictures;
  $('tests').replaceChildren(...pictures.map(({ index, picture, label }) => {
    const button = element('button', { title: label ?? `${index}` }, element('img', { src: pngUrl(picture), alt: `${index}` }));
    button.addEventListener('click', () => apply({ picture, label: label ?? undefined, source: index, isTest: true }));
    return button;
  }));
}

async function takeFile(file) {
  if (!file) return;
  if (file.size > mostBytes) throw new Error(t('tooLarge', file.name, Math.round(mostBytes / 1e6)));
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  let picture, label;
  try {
    ({ picture, label } = await post('/api/encode', { run: model.run, picture: btoa(text) }));
  } catch (error) {
    throw new Error(`${file.name}: ${error.message}`);
  }
  apply({ picture, label: label ?? undefined, source: file.name, isTest: false });
}

// From the picture to the result and back.
async function saveWay() {
  const as = { attributes: state.as || state.label, translate: state.to }[state.tool] ?? state.label;
  const wish = { run: model.run, picture: state.picture, to: toBase64($('after')), label: state.label, as };
  saveBlob(await postForBlob('/api/way', wish), 'way.gif');
}

async function adopt() {
  const picture = toBase64($('after'));
  const { label } = await post('/api/encode', { run: model.run, picture });
  attributes?.set({});
  painter.clear();
  apply({ picture, label: label ?? undefined, source: 'after.png', isTest: false, attributes: {}, as: '' });
}

function chooseTool(tool) {
  apply({ tool });
}

// Changes the state so that it can be undone, and shows what follows.
function apply(change) {
  if (kept) past.push(kept);
  Object.assign(state, change);
  kept = { ...state, mask: painter.mask.getContext('2d').getImageData(0, 0, model.width, model.height) };
  showTool();
  run();
}

function undo() {
  if (past.length === 0) return;
  kept = past.pop();
  state = { ...kept };
  painter.restore(state.mask);
  attributes?.set(state.attributes);
  $('decoded').checked = state.decoded;
  for (const [name, value] of [['tool', state.tool], ['as', state.as], ['factor', state.factor], ['to', state.to]])
    for (const input of document.querySelectorAll(`#edit input[name="${name}"]`)) input.checked = input.value === value;
  showTool();
  run();
}

function showTool() {
  for (const name of Object.keys(tools)) $(`tool-${name}`).hidden = name !== state.tool;
  $('mask').hidden = state.tool !== 'complete';
  $('undo').disabled = past.length === 0;
}

// Asks for what the state says. A newer wish ends an older one.
function run() {
  if (!state.picture) return;
  running?.abort();
  running = new AbortController();
  const { signal } = running, tool = tools[state.tool];
  const wish = { ...state, attributes: attributes?.values ?? {} };
  state.attributes = { ...wish.attributes };
  showCommand($('edit-command'), `gpuvae ${tool.command()} --run ${quote(model.path)}`);
  tell(async () => {
    await draw($('before'), wish.picture);
    if (!(tool.isReady?.() ?? true)) {
      await draw($('after'), wish.picture);
      $('others').replaceChildren();
      return;
    }
    // What is done at once need not be announced.
    const timer = setTimeout(() => { $('busy').hidden = false; }, 150);
    try {
      const [path, body] = tool.request();
      const answer = await post(path, { run: model.run, picture: wish.picture, label: wish.label, ...body }, signal);
      const [result, others] = tool.show(answer);
      if (signal.aborted) return;
      await draw($('after'), result);
      showOthers(others);
      $('adopt').disabled = $('save-way').disabled = false;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) $('busy').hidden = true;
    }
  });
}

function showOthers(others) {
  $('others').replaceChildren(...others.map(([word, picture, number]) => {
    const name = element('small', { textContent: t(word, number) });
    const button = element('button', {}, element('img', { src: pngUrl(picture), alt: '' }), name);
    button.addEventListener('click', () => tell(() => draw($('after'), picture)));
    return button;
  }));
}
