import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()

/** The main job without the proof that it works, which takes seconds. */
const internet = join(dir, 'internet.json')
const { steps, ...rest } = JSON.parse(readFileSync('workflows/internet.json', 'utf8')) as {
  readonly steps: readonly { readonly uses: string }[]
}
writeFileSync(
  internet,
  JSON.stringify({ ...rest, $schema: undefined, steps: steps.filter(({ uses }) => uses !== 'check') }),
)

const ROUNDS = 60

test.each([
  ['an empty netns', ''],
  ['a netns with a process in it', 'ip netns exec ns1 sleep 600 >/dev/null 2>&1 &'],
])(
  'sixty runs and undos without a pause, with %s: the names are free at once',
  async (_, inside) => {
    const { exec } = await sandboxed()
    const before = await fingerprint(exec)
    const script = `
      set -e
      export NSNET_STATE_DIR=/run/nsnet/own/state
      for round in $(seq ${ROUNDS}); do
        node dist/nsnet.js run ${internet} -q >/dev/null
        ${inside}
        node dist/nsnet.js undo -q >/dev/null
        if ip -br link | grep -q veth-host; then echo "veth-host is there after round $round"; exit 1; fi
      done`
    const { stdout, stderr, exitCode } = await exec({ argv: ['sh', '-c', script], timeoutMs: 280_000 })
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
  },
  300_000,
)
