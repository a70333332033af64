import type { Refusal } from '../api/monitor';

/** Whether something thrown or received has the shape of a `Refusal`. */
export function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'detail' in value &&
    typeof value.detail === 'string'
  );
}

/** Makes a `Refusal` of whatever was thrown, so that callers handle one shape. */
export function toRefusal(thrown: unknown): Refusal {
  if (isRefusal(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'unexpected', detail: reason || 'The request failed and gave no reason.' };
}
