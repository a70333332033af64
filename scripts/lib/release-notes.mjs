// What CHANGELOG.md says of versions, in the forms that packages carry it.

/** The released versions, newest first: `## 1.2.0 - 2026-11-23`. */
export function releasesIn(changelog) {
  return [...changelog.matchAll(/^## \[?(\d[^\]\s]*)\]? - (\d{4}-\d{2}-\d{2})$/gm)].map(
    ([, version, date]) => ({ version, date }),
  );
}

/** The same with this version, should it not be released yet: as of the date, a development one. */
export function releasesWith(version, date, changelog) {
  const released = releasesIn(changelog);
  if (released.some((release) => release.version === version)) return released;
  return [{ version, date: date.toISOString().slice(0, 10), isDevelopment: true }, ...released];
}

/** The element `releases` of AppStream metadata, without the element itself. */
export function appStreamReleases(releases) {
  return releases
    .map(({ version, date, isDevelopment }) => {
      const type = isDevelopment ? 'development' : 'stable';
      return `    <release type="${type}" version="${version}" date="${date}"/>`;
    })
    .join('\n');
}

/** The changelog of a Debian package: of the package alone, what changed in the program is beside it. */
export function debianChangelog(name, version, maintainer, date) {
  return [
    `${name} (${version}) unstable; urgency=medium`,
    '',
    '  * What changed in the program is in changelog.gz, beside this file.',
    '',
    ` -- ${maintainer}  ${rfc2822(date)}`,
    '',
  ].join('\n');
}

/** `Mon, 23 Nov 2026 07:30:00 +0000`: JavaScript ends it with `GMT`. */
function rfc2822(date) {
  return date.toUTCString().replace('GMT', '+0000');
}
