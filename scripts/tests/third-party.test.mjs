import assert from 'node:assert/strict';
import test from 'node:test';
import { linkedInto } from '../lib/third-party.mjs';

test('what is linked is what is needed to run, by whatever way', () => {
  const normal = [{ kind: null }];
  const packages = [
    { id: 'ours', name: 'program', source: null },
    { id: 'part', name: 'part', source: null },
    { id: 'b', name: 'b', source: 'registry' },
    { id: 'a', name: 'a', source: 'registry' },
    { id: 'tool', name: 'tool', source: 'registry' },
  ];
  const nodes = [
    {
      id: 'ours',
      deps: [
        { pkg: 'part', dep_kinds: normal },
        { pkg: 'tool', dep_kinds: [{ kind: 'build' }, { kind: 'dev' }] },
      ],
    },
    { id: 'part', deps: [{ pkg: 'b', dep_kinds: normal }] },
    { id: 'b', deps: [{ pkg: 'a', dep_kinds: [{ kind: 'dev' }, { kind: null }] }] },
    { id: 'a', deps: [{ pkg: 'b', dep_kinds: normal }] },
    { id: 'tool', deps: [] },
  ];
  const names = linkedInto('program', { packages, resolve: { nodes } }).map(({ name }) => name);
  assert.deepEqual(names, ['a', 'b']);
});
