import { expect, test } from 'vitest'
import { didYouMean, nearest } from '../../core/near.ts'

const names = ['netns', 'veth', 'link', 'addr', 'route', 'sysctl']

test.each([
  ['vteh', 'veth'],
  ['Route', 'route'],
  ['nets', 'netns'],
  ['sysctls', 'sysctl'],
  ['bridge', undefined],
  ['', undefined],
])('near %j is %j', (typed, meant) => expect(nearest(typed, names)).toBe(meant))

test.each([
  ['depends_on', ['id', 'needs'], 'did you mean "needs"?'],
  ['address', names, 'did you mean "addr"?'],
  ['interface', names, 'did you mean "link"?'],
  ['destroy', ['run', 'undo'], 'did you mean "undo"?'],
  ['apply', ['run', 'undo'], 'did you mean "run"?'],
  ['--var', ['--set', '--id'], 'did you mean "--set"?'],
  ['destroy', names, undefined],
  ['constructor', names, undefined],
])('%j is what other tools call something of %j', (typed, from, asked) => expect(didYouMean(typed, from)).toBe(asked))
