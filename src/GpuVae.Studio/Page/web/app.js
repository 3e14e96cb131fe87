// A model that lives in this browser alone.
import { tell } from './elements.js';
import { exploreModel, startExplore } from './explore.js';
import { LocalModel } from './local.js';
import { t, translatePage } from './words.js';

const $ = id => document.getElementById(id);

translatePage();
$('loading').textContent = t('loading');
try {
  const local = await LocalModel.load();
  $('run').textContent = local.model.run;
  $('draw-command').parentElement.hidden = true;
  $('loading').hidden = true;
  $('explore').hidden = false;
  startExplore(local);
  await tell(() => exploreModel(local.model));
} catch (error) {
  $('loading').textContent = `${t('noModel')} ${error.message}`;
}
