// The library's random numbers, Philox4x32-10 (Salmon et al. 2011): a seed draws the same codes here as 'gpuvae generate' does.
const prior = 4, priorComponent = 10, componentStep = 2, sampler = 20;
const twoTo32 = 2 ** 32, wordStride = 64;

// Upper half of the product of two 32-bit numbers.
function high(a, b) {
  const a1 = a >>> 16, a0 = a & 0xffff, b1 = b >>> 16, b0 = b & 0xffff;
  const middle = a1 * b0 + (a0 * b0 >>> 16), other = a0 * b1 + (middle & 0xffff);
  return a1 * b1 + Math.floor(middle / 65536) + Math.floor(other / 65536);
}

// The four words of a counter.
function words(seed, purpose, step, row, block) {
  let [c0, c1, c2, c3] = [block, row, step, purpose], key0 = seed % twoTo32, key1 = Math.floor(seed / twoTo32);
  for (let round = 0; round < 10; round++) {
    [c0, c1, c2, c3] = [
      (high(0xCD9E8D57, c2) ^ c1 ^ key0) >>> 0, Math.imul(0xCD9E8D57, c2) >>> 0,
      (high(0xD2511F53, c0) ^ c3 ^ key1) >>> 0, Math.imul(0xD2511F53, c0) >>> 0,
    ];
    [key0, key1] = [(key0 + 0x9E3779B9) % twoTo32, (key1 + 0xBB67AE85) % twoTo32];
  }
  return [c0, c1, c2, c3];
}

const uniform = word => (word >>> 8) * 2 ** -24;

// Box and Muller: words 0 and 2 of a block give cosines, 1 and 3 sines.
const normals = (seed, purpose, step, row, count) => Float32Array.from({ length: count }, (_, i) => {
  const drawn = words(seed, purpose, step, row, Math.floor(i / (4 * wordStride)) * wordStride + i % wordStride);
  const word = Math.floor(i / wordStride) % 4, first = word < 2 ? 0 : 2;
  const radius = Math.sqrt(-2 * Math.log(uniform(drawn[first]) + 2 ** -24)), angle = 2 * Math.PI * uniform(drawn[first + 1]);
  return radius * (word % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
});

const choices = (seed, purpose, step, count) =>
  Float32Array.from({ length: count }, (_, row) => uniform(words(seed, purpose, step, row, 0)[0]));

// The noise of codes, row after row, and what chooses the components of a mixture.
export const priorDraws = (seed, count, latent) =>
  ({ noise: normals(seed, prior, 0, 0, count * latent), uniform: choices(seed, priorComponent, componentStep, count) });

export const samplerDraws = (seed, count, latent) => ({
  noise: Float32Array.from(Array.from({ length: count }, (_, row) => [...normals(seed, sampler, 1, row, latent)]).flat()),
  uniform: choices(seed, sampler, 0, count),
});
