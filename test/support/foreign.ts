import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { has } from './kernel.ts'
import type { StepText } from './runs.ts'

/** The example is in Python. */
export const hasPython = has('python3')

/** Opens a directory that every user may read, for plugins that are programs and for workflows that name them. */
export function programs() {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-foreign-'))
  chmodSync(dir, 0o755)
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const programOf = (name: string, text: string, mode = 0o755): string => {
    const path = join(dir, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }
  copyFileSync('docs/examples/mtu.py', join(dir, 'mtu.py'))
  chmodSync(join(dir, 'mtu.py'), 0o755)
  return {
    dir,
    programOf,
    /** Writes a workflow that names a plugin. */
    workflowOf: (name: string, plugin: string, ...steps: readonly StepText[]): string =>
      programOf(`${name}.json`, JSON.stringify({ name, plugins: [`./${plugin}`], steps }), 0o644),
  }
}

/** A netns with a veth: `a0` in the host, `b0` in `blue`. */
export const cable: readonly StepText[] = [
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'cable', uses: 'veth', with: { name: 'a0', peer: { name: 'b0', netns: 'blue' } } },
]

/** Both ends of it with another MTU, by the example. */
export const small: readonly StepText[] = [
  { id: 'small', uses: 'mtu', with: { link: 'a0', mtu: 1400 } },
  { id: 'small-there', uses: 'mtu', with: { netns: 'blue', link: 'b0', mtu: 1300 } },
]

/** Its ends changed by commands: one by what its probe prints, one by the exit code. */
export const commands: readonly StepText[] = [
  {
    id: 'queue',
    uses: 'exec',
    with: {
      probe: ['cat', '/sys/class/net/enp1s0/tx_queue_len'],
      expect: '500',
      apply: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '500'],
      undo: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '@before'],
    },
  },
  {
    id: 'alias',
    uses: 'exec',
    with: {
      netns: 'blue',
      probe: ['sh', '-c', `ip link show dev b0 | grep -q "alias $WORD"`],
      apply: ['ip', 'link', 'set', 'dev', 'b0', 'alias', 'lab'],
      undo: ['ip', 'link', 'set', 'dev', 'b0', 'alias', ''],
      env: { WORD: 'lab' },
      uses: ['link:blue/b0'],
      timeout: 20,
    },
  },
]
