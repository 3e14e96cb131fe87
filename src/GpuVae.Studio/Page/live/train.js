// Train: runs as their folders tell of them, whoever trains, and one training that is started from here.
import { get, post, request } from './api.js';
import { lineChart } from './chart.js';
import { element, quote, showCommand, tell } from './elements.js';
import { t } from './words.js';

const interval = 1500, unitsShown = 24;
const $ = id => document.getElementById(id);
const color = index => `hsl(${(index * 137.5 + 234) % 360} 62% 55%)`;

// By name: colour, whether it is in the chart, what is known.
const runs = new Map();
let chosen, timer, onRuns, unitsOf;

export function startTrain(whenRunsChange) {
  onRuns = whenRunsChange;
  $('wish').addEventListener('submit', event => {
    event.preventDefault();
    const wish = Object.fromEntries(new FormData($('wish')));
    const number = name => wish[name] === '' ? undefined : Number(wish[name]);
    tell(async () => {
      const state = await post('/api/training', {
        name: wish.name, data: wish.data, images: number('images'), isConvolutional: wish.network === 'convolutional',
        latent: number('latent'), isConditional: 'conditional' in wish, beta: number('beta'), epochs: number('epochs'),
      });
      chosen = state.run;
      await watch();
    });
  });
  $('stop').addEventListener('click', () => tell(async () => {
    await request('DELETE', '/api/training');
    await watch();
  }));
  new MutationObserver(() => $('train').hidden || watch()).observe($('train'), { attributeFilter: ['hidden'] });
}

// Looks at the folders again and again, as long as somebody looks at the page.
async function watch() {
  clearTimeout(timer);
  if ($('train').hidden) return;
  await tell(async () => {
    const [{ default: first, runs: found }, training] = await Promise.all([get('/api/runs'), get('/api/training')]);
    onRuns(found);
    chosen ??= found.some(({ name }) => name === first) ? first : found[0]?.name;
    // Losses of other images are hardly comparable, so others are shown on demand.
    for (const { name } of found)
      if (!runs.has(name)) runs.set(name, { color: color(runs.size), isShown: name === chosen, epochs: [] });
    suggestName();
    for (const { name } of found) {
      const run = runs.get(name);
      if (run.isShown || name === chosen) Object.assign(run, await get('/api/metrics', { run: name }));
    }
    showTraining(training);
    showRuns(found.map(({ name }) => name));
    showCharts();
    await showUnits();
  });
  timer = setTimeout(watch, interval);
}

// The first name that is free, unless somebody has chosen one.
function suggestName() {
  const input = $('wish').elements.name;
  if (input.value !== input.dataset.suggested && input.dataset.suggested) return;
  let name = 'mine';
  for (let i = 2; runs.has(name); i++) name = `mine-${i}`;
  input.value = input.dataset.suggested = name;
}

function showTraining({ canStart, run, isRunning, exitCode, message, arguments: words }) {
  $('wish-card').hidden = !canStart;
  $('start').disabled = isRunning;
  $('stop').disabled = !isRunning;
  const failed = !isRunning && exitCode > 0 && exitCode !== 130;
  $('training-state').textContent = isRunning ? t('isTraining', run) : failed ? message : exitCode === 130 ? t('stopped', run)
    : exitCode === 0 ? t('trained', run) : '';
  $('training-state').classList.toggle('failed', failed);
  $('train-command').parentElement.hidden = words.length === 0;
  showCommand($('train-command'), ['gpuvae', ...words.map(quote)].join(' '));
}

function showRuns(names) {
  const list = $('runs');
  if (list.dataset.names !== names.join('/')) {
    list.dataset.names = names.join('/');
    list.replaceChildren(...names.map(name => {
      const run = runs.get(name);
      const box = element('input', { type: 'checkbox', checked: run.isShown, title: t('inChart'), ariaLabel: `${name}: ${t('inChart')}` });
      box.style.accentColor = run.color;
      box.addEventListener('change', () => {
        run.isShown = box.checked;
        watch();
      });
      const pick = element('button', { className: 'quiet', textContent: name });
      pick.addEventListener('click', () => {
        chosen = name;
        watch();
      });
      return element('li', {}, box, pick, element('small'));
    }));
  }
  names.forEach((name, i) => {
    const { epochs } = runs.get(name), last = epochs.at(-1), row = list.children[i];
    row.classList.toggle('chosen', name === chosen);
    row.querySelector('small').textContent = last ? t('atEpoch', last.epoch, (last.testLoss ?? last.trainLoss).toFixed(1)) : '';
  });
}

function showCharts() {
  const line = (pick, shown) => shown.map(([name, { color: stroke, epochs }]) => ({
    name, color: stroke, points: epochs.map(epoch => [epoch.epoch, pick(epoch)]).filter(([, value]) => value !== null),
  }));
  const all = [...runs].filter(([, run]) => run.isShown);
  lineChart($('loss-chart'), line(epoch => epoch.testLoss ?? epoch.trainLoss, all));
  lineChart($('recon-chart'), line(epoch => epoch.testRecon, all));
  lineChart($('kl-chart'), line(epoch => epoch.testKl, all));
  const run = runs.get(chosen);
  $('chosen').textContent = chosen ?? '';
  const warnings = Object.values(run?.epochs.at(-1)?.warnings ?? {});
  $('warnings').replaceChildren(...warnings.map(text => element('li', { textContent: text })));
  for (const name of ['samples', 'reconstructions']) {
    const image = $(name), source = run?.pictured ? `/api/${name}?${new URLSearchParams({ run: chosen, at: run.pictured })}` : '';
    image.hidden = source === '';
    if (source && image.getAttribute('src') !== source) image.src = source;
  }
}

// The units of the weights as they are now.
async function showUnits() {
  const run = runs.get(chosen), key = `${chosen} ${run?.written}`;
  if (!run?.hasModel || unitsOf === key) return;
  unitsOf = key;
  const { units } = await get('/api/model', { run: chosen });
  const known = units.filter(({ kl }) => kl !== null).slice(0, unitsShown), most = known[0]?.kl || 1;
  $('unit-bars').replaceChildren(...known.map(({ unit, kl }) => {
    const bar = element('i');
    bar.style.height = `${100 * kl / most}%`;
    return element('span', { title: `z${unit}: ${kl.toFixed(3)} ${t('nats')}` }, bar, element('small', { textContent: unit }));
  }));
}
