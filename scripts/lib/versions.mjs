// Versions as they are printed and as they are required.

/** The first version in a text, as its three numbers; null when there is none. */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '');
  return match ? [match[1], match[2], match[3] ?? '0'].map(Number) : null;
}

/** Whether the version found is the one required or newer. */
export function isAtLeast(found, required) {
  for (let part = 0; part < 3; part += 1) {
    if (found[part] !== required[part]) return found[part] > required[part];
  }
  return true;
}

/** The `rust-version` of a Cargo.toml. */
export function rustVersionIn(manifest) {
  return /^rust-version\s*=\s*"([^"]+)"/m.exec(manifest)?.[1] ?? null;
}
