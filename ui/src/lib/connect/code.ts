import { generate } from 'lean-qr/nano';

/** White modules around a code, as the standard asks: without them many readers find nothing. */
const QUIET_ZONE = 4;

/** A QR code to draw: the side of a square in modules, and the path of the dark ones in it. */
export interface Code {
  readonly side: number;
  readonly path: string;
}

/** The QR code of a text, its quiet zone included. */
export function codeOf(text: string): Code {
  const bitmap = generate(text);
  let path = '';
  for (let y = 0; y < bitmap.size; y += 1) {
    for (let x = 0; x < bitmap.size; x += 1) {
      const begin = x;
      while (bitmap.get(x, y)) x += 1;
      // A row of dark modules is one shape, so that no gap shows between them.
      const run = x - begin;
      if (run > 0) path += `M${begin + QUIET_ZONE} ${y + QUIET_ZONE}h${run}v1h-${run}z`;
    }
  }
  return { side: bitmap.size + 2 * QUIET_ZONE, path };
}
