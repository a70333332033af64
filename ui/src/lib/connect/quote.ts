import { isUnseen } from '../text/visible';

/**
 * Text as the literal of a language: whatever it contains, the program gets
 * exactly this text, and whoever reads the program sees all of it. What shows
 * nothing itself is therefore written as an escape in every language.
 */
export type Quote = (text: string) => string;

/** How one character is escaped, or `null` when it stands for itself. */
type Escape = (character: string, before: string) => string | null;

const LAYOUT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A string in double quotes, in which a backslash begins every escape. */
function doubleQuoted(escape: Escape): Quote {
  return (text) => {
    let written = '';
    let before = '';
    for (const character of wellFormed(text)) {
      written += escape(character, before) ?? LAYOUT[character] ?? character;
      before = character;
    }
    return `"${written}"`;
  };
}

/** Escapes some characters with a backslash, and unseen ones by their number. */
function escaping(signs: string, byNumber: (character: string) => string): Escape {
  return (character) => {
    if (signs.includes(character)) return `\\${character}`;
    return character in LAYOUT || !isUnseen(character) ? null : byNumber(character);
  };
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');

const codePoint = (character: string) => character.codePointAt(0) ?? 0;

/** `\u202e` and, beyond U+FFFF, `\U000e0001`. */
function byCodePoint(character: string): string {
  const number = codePoint(character);
  return number > 0xffff ? `\\U${hex(number, 8)}` : `\\u${hex(number, 4)}`;
}

/** The UTF-16 units of a character: `\ud83d\ude00`. */
function byUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`,
  ).join('');
}

/** The UTF-8 bytes of a character. */
const byBytes = (write: (byte: number) => string) => (character: string) =>
  Array.from(new TextEncoder().encode(character), write).join('');

const octalBytes = byBytes((byte) => `\\${byte.toString(8).padStart(3, '0')}`);

/** For Python and Go. */
export const pythonLiteral = doubleQuoted(escaping('\\"', byCodePoint));
export const goLiteral = pythonLiteral;

const javascriptEscape = escaping('\\"', byUnits);

/** For JavaScript, within a page's `<script>` too: there the parser of HTML looks for `<` first. */
export const javascriptLiteral = doubleQuoted((character, before) =>
  character === '<' ? '\\u003c' : javascriptEscape(character, before),
);

/**
 * For Java. It replaces `\u` before it looks for quotes and lines, so control
 * characters are written in octal; the rest is ASCII, as older compilers read a
 * file in the encoding of the system.
 */
export const javaLiteral = doubleQuoted((character) => {
  if ('\\"'.includes(character)) return `\\${character}`;
  if (character in LAYOUT) return null;
  const number = codePoint(character);
  if (number < 0x20 || number === 0x7f) return octalBytes(character);
  return number > 0x7f ? byUnits(character) : null;
});

/** For Perl, as bytes: in double quotes `$` and `@` would begin a variable. */
export const perlLiteral = doubleQuoted(
  escaping(
    '\\"$@',
    byBytes((byte) => `\\x${hex(byte, 2)}`),
  ),
);

const cppEscape = escaping('\\"', octalBytes);

/** For C++ in UTF-8. Two question marks may begin a trigraph, so the second is escaped. */
export const cppLiteral = doubleQuoted((character, before) =>
  character === '?' && before === '?' ? '\\?' : cppEscape(character, before),
);

/** Words that no shell of POSIX reads anything into. */
const PLAIN_WORD = /^[\w%+,./:=@-]+$/;

/** One word for a POSIX shell, in which line feeds and tabs may stand as they are. */
export const shellWord: Quote = (text) =>
  PLAIN_WORD.test(text) ? text : `'${wellFormed(text).replaceAll("'", `'\\''`)}'`;

/** Whether a shell could not be given this text in single quotes so that it is seen whole. */
export function needsPrintf(text: string): boolean {
  return [...wellFormed(text)].some(
    (character) => isUnseen(character) && character !== '\n' && character !== '\t',
  );
}

/** The format with which `printf` of a POSIX shell writes this text, as a word. */
export const printfFormat: Quote = (text) => {
  const format = [...wellFormed(text)].map((character, index) => {
    if (character === '%') return '%%';
    // A format that begins with a hyphen would be an option.
    if (character === '-' && index === 0) return octalBytes(character);
    if (character === '\\') return '\\\\';
    return LAYOUT[character] ?? (isUnseen(character) ? octalBytes(character) : character);
  });
  return `'${format.join('').replaceAll("'", `'\\''`)}'`;
};

/**
 * The text that can be sent at all: what is no character, and NUL, which ends a
 * text in C and in every shell, become the sign for that.
 */
export function wellFormed(text: string): string {
  return text.replace(/[\0\p{Cs}]/gu, '\uFFFD');
}
