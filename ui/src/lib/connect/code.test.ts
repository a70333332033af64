import decodeQR from 'qr/decode.js';
import { expect, test } from 'vitest';
import { codeOf, type Code } from './code';

/** What a reader of another make sees in a code that is drawn, so many pixels to a module. */
function read({ side, path }: Code, scale = 4): string {
  const width = side * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) {
      for (let i = Number(x) * scale; i < (Number(x) + Number(run)) * scale; i += 1) {
        data.fill(0, (row * width + i) * 4, (row * width + i) * 4 + 3);
      }
    }
  }
  return decodeQR({ width, height: width, data });
}

test.each(['http://192.168.1.20:33334/', 'https://[fd00:1234:5678:9abc::7]:33335/', 'http://h/'])(
  'the code of %j is read as that',
  (url) => {
    expect(read(codeOf(url))).toBe(url);
  },
);

test('nothing is drawn in the quiet zone', () => {
  const { side, path } = codeOf('http://192.168.1.20:33334/');
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    expect(Number(x)).toBeGreaterThanOrEqual(4);
    expect(Number(y)).toBeGreaterThanOrEqual(4);
    expect(Number(x) + Number(run)).toBeLessThanOrEqual(side - 4);
    expect(Number(y)).toBeLessThan(side - 4);
  }
});
