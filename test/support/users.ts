import { kernelBy } from './kernel.ts'
import { sandboxed, withNsnet, type Sandboxed } from './sandbox.ts'

/** Opens a sandbox for the running test: as whoever runs the tests, or as an ordinary user. */
export const users: readonly (readonly [string, () => Promise<Sandboxed>])[] = [
  ['who runs the tests', () => sandboxed()],
  ['an ordinary user', ordinary],
]

/** Opens a sandbox as an ordinary user's, where commands are its root, whoever runs the tests. */
export async function ordinary(): Promise<Sandboxed> {
  const { enter } = await sandboxed({ ordinary: true })
  const root = enter.flatMap((word) => (word === '--preserve-credentials' ? [word, '--setuid', '0'] : [word]))
  return withNsnet(kernelBy([...root, 'setpriv', '--regid', '0', '--keep-groups', '--']))
}
