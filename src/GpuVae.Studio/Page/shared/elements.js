// What pages are made of. Text is only ever put into a page as text.
const messageMilliseconds = 9000;
let hiding;

// Does a thing and shows for a while what goes wrong; a thing that was given up for a newer one says nothing.
export async function tell(action) {
  try {
    return await action();
  } catch (error) {
    if (error.name === 'AbortError') return undefined;
    const message = document.getElementById('message');
    message.textContent = error.message;
    message.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => { message.hidden = true; }, messageMilliseconds);
    return undefined;
  }
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function saveBlob(blob, name) {
  const link = element('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const savePng = (canvas, name) => canvas.toBlob(blob => saveBlob(blob, name));

// One of several, as radio buttons that look like chips.
export function chips(fieldset, name, options, chosen, onChoose) {
  for (const old of fieldset.querySelectorAll('label')) old.remove();
  for (const [value, text] of options) {
    const input = element('input', { type: 'radio', name, value, checked: value === chosen });
    input.addEventListener('change', () => onChoose(value));
    fieldset.append(element('label', {}, input, element('span', { textContent: text })));
  }
  fieldset.hidden = options.length === 0;
}

// A slider for each attribute, plain ones first.
export function attributeSliders(container, names, onInput, onChange = () => {}) {
  const values = {};
  const ordered = [...names].sort((a, b) => a.includes('=') - b.includes('='));
  container.replaceChildren(...ordered.map(name => {
    const output = element('output', { textContent: '0' });
    const input = element('input', { type: 'range', min: -2, max: 2, step: 0.05, value: 0 });
    input.addEventListener('input', () => {
      output.textContent = input.value;
      values[name] = Number(input.value);
      if (values[name] === 0) delete values[name];
      onInput();
    });
    input.addEventListener('change', onChange);
    return element('label', { className: 'slider' }, element('span', { textContent: name, title: name }), input, output);
  }));
  return {
    values,
    set(other) {
      for (const name of Object.keys(values)) delete values[name];
      Object.assign(values, other);
      ordered.forEach((name, i) => {
        const row = container.children[i];
        row.querySelector('input').value = values[name] ?? 0;
        row.querySelector('output').textContent = values[name] ?? 0;
      });
    },
  };
}

// An argument as a shell takes it.
export const quote = text => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

// Shows a command, broken between its words only.
export function showCommand(code, text) {
  code.replaceChildren(...text.split(' ').flatMap(word => [element('span', { textContent: word }), ' ']));
}
