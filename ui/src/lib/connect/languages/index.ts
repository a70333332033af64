import type { Language } from '../language';
import { curl } from './curl';
import { esp32 } from './esp32';
import { go } from './go';
import { java } from './java';
import { javascript } from './javascript';
import { perl } from './perl';
import { python } from './python';

/** All languages that there are snippets in, in the order of the page. */
export const languages: readonly [Language, ...Language[]] = [
  curl,
  javascript,
  python,
  esp32,
  go,
  java,
  perl,
];
