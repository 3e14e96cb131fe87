// Where the live page has its pictures from: the server.
import { get, pngUrl, post } from './api.js';
import { Live } from './live.js';

export const served = {
  connect: (onFrame, onError, onState) => new Live(onFrame, onError, onState),
  map: ({ run }) => get('/api/map', { run }),
  async jump({ run }, index) {
    const { pictures } = await get('/api/pictures', { run, first: index, count: 1 });
    return pictures[0];
  },
  async generate({ run }, wish) {
    const { codes, labels, pictures } = await post('/api/generate', { run, ...wish });
    return { codes, labels, pictures: pictures.map(pngUrl) };
  },
  async strips({ run }, wish, signal) {
    const { strips } = await post('/api/traverse', { run, ...wish }, signal);
    return strips.map(pngUrl);
  },
  async attributes({ run }) {
    const { attributes } = await get('/api/attributes', { run });
    return attributes;
  },
};
