// The frame of the page: which run, which tab.
import { get } from './api.js';
import { editModel, startEdit } from './edit.js';
import { element, tell } from './elements.js';
import { exploreModel, startExplore } from './explore.js';
import { served } from './served.js';
import { startTrain } from './train.js';
import { t, translatePage } from './words.js';

const tabs = ['explore', 'edit', 'train'];
const $ = id => document.getElementById(id);

function choose(tab) {
  for (const name of tabs) {
    $(name).hidden = name !== tab;
    $(`tab-${name}`).setAttribute('aria-selected', name === tab);
    $(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
  }
  // Not the tab's own id, to which the browser would scroll.
  history.replaceState(null, '', `#/${tab}`);
}

async function showRun(run) {
  const model = await get('/api/model', { run });
  editModel(model);
  await exploreModel(model);
}

// The runs that have a model to play with.
function showChoice(runs) {
  const select = $('run'), names = runs.filter(run => run.hasModel).map(({ name }) => name), before = select.value;
  if ([...select.options].map(({ value }) => value).join('/') === names.join('/')) return;
  select.replaceChildren(...names.map(name => element('option', { value: name, textContent: name })));
  select.value = before;
}

translatePage();
for (const [i, name] of tabs.entries()) {
  $(`tab-${name}`).addEventListener('click', () => choose(name));
  $(`tab-${name}`).addEventListener('keydown', ({ key }) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!by) return;
    const other = tabs[(i + by + tabs.length) % tabs.length];
    choose(other);
    $(`tab-${other}`).focus();
  });
}
for (const button of document.querySelectorAll('.copy'))
  button.addEventListener('click', async () => {
    await tell(() => navigator.clipboard.writeText($(button.dataset.for).textContent.trim()));
    button.textContent = t('copied');
    setTimeout(() => { button.textContent = t('copy'); }, 1500);
  });
startExplore(served);
startEdit();
startTrain(showChoice);
choose(tabs.find(name => location.hash === `#/${name}`) ?? tabs[0]);
await tell(async () => {
  const { default: first, runs } = await get('/api/runs');
  const select = $('run');
  showChoice(runs);
  select.value = first;
  select.addEventListener('change', () => tell(() => showRun(select.value)));
  await showRun(first);
});
