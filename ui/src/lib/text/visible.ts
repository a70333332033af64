/**
 * Characters that show nothing themselves but change how the text around them
 * is read: control characters, line and paragraph separators, marks that turn
 * the direction of writing, and everything a renderer ignores by default.
 */
const UNSEEN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u{FFF9}-\u{FFFB}]/gu;

/**
 * Unseen characters that ordinary writing needs: the joiners of Persian, Hindi
 * and emoji, and the selectors between the text and emoji form of a sign.
 */
const NEEDED: ReadonlySet<string> = new Set(['\u200C', '\u200D', '\uFE0E', '\uFE0F']);

const LAYOUT_SIGNS: ReadonlyMap<string, string> = new Map([
  ['\n', '↵'],
  ['\t', '⇥'],
]);

/** Whether a character shows nothing itself, and is none that ordinary writing needs. */
export function isUnseen(character: string): boolean {
  return character.search(UNSEEN) === 0 && !NEEDED.has(character);
}

/** How `visible` treats line feeds and tabs. */
export interface VisibleOptions {
  /** Leave them in place, for a text that is shown over several lines. */
  readonly keepLines?: boolean;
}

/**
 * A hostile text made honest: what would be invisible, or would make the rest
 * look like something else, is shown by its number: `[U+202E]`. Line feeds and
 * tabs, which are common and harmless, become `↵` and `⇥`.
 */
export function visible(text: string, { keepLines = false }: VisibleOptions = {}): string {
  return text.replace(UNSEEN, (character) => {
    if (NEEDED.has(character)) return character;
    const layout = LAYOUT_SIGNS.get(character);
    if (layout !== undefined) return keepLines ? character : layout;
    const codePoint = character.codePointAt(0) ?? 0;
    return `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}
