// Lines over epochs, drawn as SVG; the page's style gives them their colours.
const height = 210, left = 52, right = 12, top = 10, bottom = 26;

function svg(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Round numbers between two, about so many.
function ticks(from, to, count) {
  const raw = (to - from) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find(factor => factor * power >= raw) * power;
  const first = Math.ceil(from / step), all = [];
  for (let i = first; i * step <= to * (1 + 1e-12) + 1e-12 * step && all.length < 50; i++) all.push(i * step);
  return all;
}

const short = value => Math.abs(value) >= 10000 ? `${+(value / 1000).toPrecision(4)}k` : `${+value.toPrecision(4)}`;

// Lines are { color, name, points: [[epoch, value]] }.
export function lineChart(root, lines) {
  const all = lines.flatMap(({ points }) => points);
  const width = Math.max(200, root.clientWidth);
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  if (all.length === 0) {
    root.replaceChildren();
    return;
  }
  const most = Math.max(2, ...all.map(([epoch]) => epoch));
  // A first epoch that lies far off does not press the rest flat.
  const later = all.filter(([epoch]) => epoch > 1), values = (later.length > 1 ? later : all).map(([, value]) => value);
  let low = Math.min(...values), high = Math.max(...values);
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  [low, high] = [low - margin, high + margin];
  const x = epoch => left + (epoch - 1) / (most - 1) * (width - left - right);
  const y = value => top + Math.min(1.05, Math.max(-0.05, (high - value) / (high - low))) * (height - top - bottom);
  const parts = [];
  for (const value of ticks(low, high, 4)) {
    parts.push(svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    parts.push(svg('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
  }
  for (const epoch of ticks(1, most, 6).filter(Number.isInteger))
    parts.push(svg('text', { x: x(epoch), y: height - 6, 'text-anchor': 'middle' }, epoch));
  for (const { color, name, points } of lines) {
    const line = svg('polyline', { points: points.map(([epoch, value]) => `${x(epoch)},${y(value)}`).join(' '), stroke: color });
    line.append(svg('title', {}, name));
    parts.push(line);
    if (points.length > 0) {
      const [epoch, value] = points.at(-1);
      const dot = svg('circle', { cx: x(epoch), cy: y(value), r: 4, fill: color });
      dot.append(svg('title', {}, `${name}: ${short(value)}`));
      parts.push(dot);
    }
  }
  root.replaceChildren(...parts);
}
