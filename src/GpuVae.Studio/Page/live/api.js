// The server's HTTP side, and what its pictures are.
import { t } from './words.js';

export async function get(path, query = {}) {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
  return answer(fetch(`${path}?${parameters}`));
}

export async function post(path, body, signal) {
  return answer(fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal }));
}

export const request = (method, path) => answer(fetch(path, { method }));

async function answer(asked) {
  let response;
  try {
    response = await asked;
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Error(t('noServer'));
  }
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

export const pngUrl = base64 => `data:image/png;base64,${base64}`;

export async function draw(canvas, base64) {
  const image = new Image();
  image.src = pngUrl(base64);
  await image.decode();
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext('2d').drawImage(image, 0, 0);
}

export const toBase64 = canvas => canvas.toDataURL('image/png').split(',')[1];
