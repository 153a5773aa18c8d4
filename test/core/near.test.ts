import { expect, test } from 'vitest'
import { nearest } from '../../core/near.ts'

const names = ['netns', 'veth', 'link', 'addr', 'route', 'sysctl']

test.each([
  ['vteh', 'veth'],
  ['Route', 'route'],
  ['nets', 'netns'],
  ['sysctls', 'sysctl'],
  ['bridge', undefined],
  ['', undefined],
])('near %j is %j', (typed, meant) => expect(nearest(typed, names)).toBe(meant))
