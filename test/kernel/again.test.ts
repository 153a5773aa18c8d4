import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()

/** The netns, links, addresses and routes of the main job: what has a name that has to be free again. */
const internet = join(dir, 'internet.json')
const { steps, ...rest } = JSON.parse(readFileSync('workflows/internet.json', 'utf8')) as {
  readonly steps: readonly { readonly uses: string }[]
}
writeFileSync(
  internet,
  JSON.stringify({
    ...rest,
    $schema: undefined,
    steps: steps.filter(({ uses }) => ['netns', 'veth', 'addr', 'link', 'route'].includes(uses)),
  }),
)

const ROUNDS = 60

test('sixty runs and undos without a pause, each second with a process in the netns: the names are free at once', async () => {
  const { exec } = await sandboxed()
  const before = await fingerprint(exec)
  const script = `
      set -e
      export NSNET_STATE_DIR=/run/nsnet/own/state
      for round in $(seq ${ROUNDS}); do
        node dist/nsnet.js run ${internet} -q >/dev/null
        if [ $((round % 2)) = 0 ]; then ip netns exec ns1 sleep 600 >/dev/null 2>&1 & fi
        node dist/nsnet.js undo -q >/dev/null
        if ip -br link | grep -q veth-host; then echo "veth-host is there after round $round"; exit 1; fi
      done`
  const { stdout, stderr, exitCode } = await exec({ argv: ['sh', '-c', script], timeoutMs: 280_000 })
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 })
  expect(await fingerprint(exec)).toEqual(before)
}, 300_000)
