// The server's HTTP side, and what its pictures are.
import { t } from './words.js';

export const get = (path, query = {}) =>
  answer(fetch(`${path}?${new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined))}`));

const asJson = (path, body, signal) =>
  fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });

export const post = (path, body, signal) => answer(asJson(path, body, signal));

export const request = (method, path) => answer(fetch(path, { method }));

// The content of a file rather than JSON.
export async function postForBlob(path, body) {
  const response = await accepted(asJson(path, body));
  return response.blob();
}

async function answer(asked) {
  const response = await accepted(asked);
  return response.json();
}

async function accepted(asked) {
  let response;
  try {
    response = await asked;
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Error(t('noServer'));
  }
  if (response.ok) return response;
  const { error } = await response.json();
  throw new Error(t('refused', response.status, error));
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
