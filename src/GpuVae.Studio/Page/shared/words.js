// What the page says, in the browser's language: English or Chinese.

const english = {
  explore: 'Explore', edit: 'Edit', run: 'Run', copy: 'Copy', copied: 'Copied', save: 'Save PNG',
  picture: 'The picture of the code', mean: 'Mean', meanTitle: 'All units to zero (0)', random: 'Surprise me',
  randomTitle: 'The code of a new picture (R)', label: 'Label', map: 'Map', draws: 'New pictures', seed: 'Seed', draw: 'Draw',
  again: 'Others', units: 'Latent units', attributes: 'Attributes',
  mapLabel: 'Map of the latent space: arrow keys move, Enter jumps to the nearest test image',
  mapHint: 'Each dot is a test image. Drag, and the picture follows; double-click takes the nearest image.',
  unitsHint: 'Those that tell most of an image come first. Drag a frame along its strip; names can be changed.',
  attributesHint: 'Learnt from the images of the run. They are put on top of the code.',
  learning: 'Learning attributes …', moreUnits: n => `${n} more units that tell little`, nats: 'nats',
  connected: 'live', waiting: 'reconnecting …', perFrame: ms => `${ms} ms on the device`,
  noImages: 'The run’s images are not to be found, so there is no map and no order of the units.',
  source: 'Picture', dropHint: 'Drop a picture here, or choose one. Any format, any size.', tests: 'Or take a test image:',
  moreTests: 'Other test images', before: 'Before', after: 'After', undo: 'Undo', undoTitle: 'Ctrl+Z', adopt: 'Go on from the result',
  adoptTitle: 'Makes the result the picture that is edited', saveWay: 'Save GIF', saveWayTitle: 'The way from the picture to the result',
  toolAttributes: 'Attributes', toolComplete: 'Complete',
  toolEnlarge: 'Enlarge', toolTranslate: 'Translate', reset: 'Reset', decoded: 'as the model sees it', showAs: 'Show as',
  completeHint: 'Paint over what is to be filled in. By keyboard: arrows move the brush, Space paints.', brush: 'Brush', erase: 'Eraser',
  clear: 'Clear', saveMask: 'Save mask', variants: 'Four others', maskLabel: 'Mask: arrow keys move the brush, Space paints',
  upper: 'Upper half', lower: 'Lower half', left: 'Left half', right: 'Right half',
  enlargeHint: 'The picture is reduced first, then the model makes it large again.', factor: 'Times',
  translateHint: 'Shows the picture as one of another kind.', target: 'Into',
  original: 'Original', reconstruction: 'Reconstruction', seen: 'What is seen', completed: 'Most probable', sample: n => `Another, ${n}`,
  small: 'Input', bicubic: 'Bicubic', enlarged: 'Enlarged', translated: 'Translated', edited: 'Edited', none: 'As it is',
  train: 'Train', newTraining: 'New training', name: 'Name', data: 'Images', dataTitle: 'A built-in set, or a path on the server’s machine',
  count: 'How many', countTitle: 'Of a built-in set; empty for its default', network: 'Network', dense: 'dense',
  convolutional: 'convolutional', latent: 'Latent units', epochs: 'Epochs', conditional: 'is told the labels', start: 'Start', stop: 'Stop',
  runs: 'Runs', runsHint: 'Those that other processes train, too.', inChart: 'in the chart', atEpoch: (n, loss) => `epoch ${n}, ${loss}`,
  isTraining: run => `${run} is being trained …`, stopped: run => `${run} was stopped; what it has learnt is kept.`,
  trained: run => `${run} is trained.`, loss: 'Loss on test images', recon: 'Reconstruction term', kl: 'KL term',
  unitKl: 'KL of the latent units', samples: 'Samples', reconstructions: 'Test images and their reconstructions',
  perEpoch: 'nats per image, by epoch',
  tooLarge: (name, most) => `${name} is too large; at most ${most} MB are taken.`,
  loading: 'Loading the model …', noModel: 'The model cannot be shown here.', notFinite: 'A number of the code is not finite.',
  refused: (_, error) => error, noServer: 'The server does not answer.',
  noAttributes: 'Nothing is known of the run’s images, so there are no attributes.',
};

// What the server says in detail is English.
const problems = {
  401: '需要令牌', 403: '请求被拒绝', 404: '没有这个模型', 413: '图片太大', 500: '服务器出错', 503: '模型正忙，请稍后再试',
};

const chinese = {
  explore: '探索', edit: '编辑', run: '模型', copy: '复制', copied: '已复制', save: '保存 PNG',
  picture: '编码对应的图像', mean: '均值', meanTitle: '所有单元归零（0）', random: '随机一张',
  randomTitle: '随机抽取一个编码（R）', label: '标签', map: '地图', draws: '新图片', seed: '种子', draw: '抽取',
  again: '换一批', units: '潜在单元', attributes: '属性',
  mapLabel: '潜在空间的地图：方向键移动，回车跳到最近的测试图像',
  mapHint: '每个点是一张测试图像。拖动，图像随之变化；双击取最近的图像。',
  unitsHint: '信息量最大的排在前面。沿着条带拖动方框；名称可以修改。',
  attributesHint: '从训练图像中学得，叠加在编码之上。',
  learning: '正在学习属性……', moreUnits: n => `另外 ${n} 个信息很少的单元`, nats: '奈特',
  connected: '实时', waiting: '正在重新连接……', perFrame: ms => `设备用时 ${ms} 毫秒`,
  noImages: '找不到该模型的图像，因此没有地图，单元也没有排序。',
  source: '图片', dropHint: '把图片拖到这里，或点击选择。任何格式、任何大小。', tests: '或者选一张测试图像：',
  moreTests: '其他测试图像', before: '之前', after: '之后', undo: '撤销', undoTitle: 'Ctrl+Z', adopt: '以结果继续',
  adoptTitle: '把结果作为要编辑的图片', saveWay: '保存 GIF', saveWayTitle: '从原图到结果的过程',
  toolAttributes: '属性', toolComplete: '补全',
  toolEnlarge: '放大', toolTranslate: '转换', reset: '重置', decoded: '显示模型解码的样子', showAs: '显示为',
  completeHint: '涂抹要填补的部分。键盘：方向键移动画笔，空格涂抹。', brush: '画笔', erase: '橡皮',
  clear: '清除', saveMask: '保存遮罩', variants: '再来四种', maskLabel: '遮罩：方向键移动画笔，空格涂抹',
  upper: '上半', lower: '下半', left: '左半', right: '右半',
  enlargeHint: '先缩小图片，再由模型放大。', factor: '倍数',
  translateHint: '把图片变成另一类的样子。', target: '变为',
  original: '原图', reconstruction: '重建', seen: '可见部分', completed: '最可能', sample: n => `另一种 ${n}`,
  small: '输入', bicubic: '双三次', enlarged: '放大', translated: '转换', edited: '编辑后', none: '保持原样',
  train: '训练', newTraining: '新的训练', name: '名称', data: '图像', dataTitle: '内置数据集，或服务器上的路径',
  count: '数量', countTitle: '内置数据集的图像数；留空为默认', network: '网络', dense: '全连接',
  convolutional: '卷积', latent: '潜在单元', epochs: '轮数', conditional: '告知标签', start: '开始', stop: '停止',
  runs: '模型', runsHint: '包括其他进程正在训练的。', inChart: '显示在图中', atEpoch: (n, loss) => `第 ${n} 轮，${loss}`,
  isTraining: run => `正在训练 ${run} ……`, stopped: run => `${run} 已停止，学到的内容已保存。`,
  trained: run => `${run} 训练完成。`, loss: '测试图像上的损失', recon: '重建项', kl: 'KL 项',
  unitKl: '各潜在单元的 KL', samples: '样本', reconstructions: '测试图像及其重建', perEpoch: '每张图像的奈特数，按轮',
  tooLarge: (name, most) => `${name} 太大；最多 ${most} MB。`,
  loading: '正在加载模型……', noModel: '无法在此显示模型。', notFinite: '编码中有数值不是有限数。',
  refused: (status, error) => `${problems[status] ?? '输入有误'}：${error}`, noServer: '服务器没有响应。', noAttributes: '对该模型的图像一无所知，因此没有属性。',
};

export const isChinese = navigator.language.toLowerCase().startsWith('zh');
const words = isChinese ? chinese : english;

export function t(key, ...values) {
  const word = words[key];
  return typeof word === 'function' ? word(...values) : word;
}

// Fills in every element that names a word.
export function translatePage() {
  document.documentElement.lang = isChinese ? 'zh' : 'en';
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll('[data-title]')) element.title = t(element.dataset.title);
  for (const element of document.querySelectorAll('[data-label]')) element.setAttribute('aria-label', t(element.dataset.label));
}
