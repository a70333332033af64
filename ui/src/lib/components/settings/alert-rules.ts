import type { AlertRule, Comparison, Refusal } from '../../api/monitor';

/** How a comparison is told of. */
interface Words {
  readonly comparison: Comparison;
  /** In a list to choose from. */
  readonly label: string;
  /** What the value is called. */
  readonly value: string;
  /** A value such as is expected. */
  readonly example: string;
}

export const COMPARISONS: readonly Words[] = [
  { comparison: 'equals', label: 'is', value: 'Text', example: 'open' },
  { comparison: 'differs', label: 'is not', value: 'Text', example: 'ok' },
  { comparison: 'contains', label: 'contains', value: 'Text', example: 'error' },
  { comparison: 'above', label: 'is above', value: 'Number', example: '30' },
  { comparison: 'below', label: 'is below', value: 'Number', example: '5' },
  {
    comparison: 'matches',
    label: 'matches',
    value: 'Regular expression',
    example: '^(open|ajar)$',
  },
  { comparison: 'silentFor', label: 'is silent for', value: 'Time', example: '10min' },
];

/** How a comparison is told of. */
export function wordsOf(comparison: Comparison): Words {
  const words = COMPARISONS.find((words) => words.comparison === comparison);
  if (!words) throw new Error(`no words for ${comparison}`);
  return words;
}

/** The comparison that was chosen in a list of them. */
export function comparisonOf(chosen: string): Comparison {
  const words = COMPARISONS.find((words) => words.comparison === chosen);
  if (!words) throw new Error(`no comparison ${chosen}`);
  return words.comparison;
}

/** A rule that is begun. */
export function newRule(): AlertRule {
  return { name: '', filter: '', comparison: 'above', value: '', text: '' };
}

/** A field of a rule that can be refused. */
export type RuleField = 'name' | 'filter' | 'value' | 'text';

const FIELDS: ReadonlyMap<string, RuleField> = new Map([
  ['rule_name', 'name'],
  ['rule_filter', 'filter'],
  ['rule_value', 'value'],
  ['rule_text', 'text'],
]);

/** The field that a refusal is about, when it is about one. */
export function fieldOf(refusal: Refusal | null): RuleField | null {
  return refusal ? (FIELDS.get(refusal.code) ?? null) : null;
}
