import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-signals-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const file = join(dir, 'waits.json')
writeFileSync(
  file,
  JSON.stringify({
    name: 'waits',
    steps: [
      { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
      { id: 'waits', uses: 'check', with: { ping: '198.51.100.77', count: 4, timeout: 1, within: 60 } },
    ],
  }),
)

test.each([
  ['INT', 130],
  ['TERM', 143],
  ['HUP', 129],
])(
  'SIG%s while a check waits: journals, exits %i, leaves no child, and is resumable and undoable',
  async (signal, code) => {
    const { nsnet, exec } = await sandboxed()
    const before = await fingerprint(exec)
    const state = mkdtempSync(join(dir, 'state-'))
    const script = `
    node dist/nsnet.js run ${file} --state-dir ${state} & nsnet=$!
    until grep -q StepApplied ${state}/runs/*.jsonl 2>/dev/null; do sleep 0.02; done
    kill -${signal} $nsnet; wait $nsnet; echo exit $?; ps -e -o comm= | grep -c '^ping$'`
    const { stdout, stderr } = await exec({ argv: ['sh', '-c', script] })
    expect(stdout).toMatch(new RegExp(`interrupted: .*\\n(.*\\n)+exit ${code}\\n0\\n`))
    expect(stdout).toMatch(/nsnet resume \w+/)
    expect(stderr).toContain(`stopped by SIG${signal}`)
    expect((await nsnet('log', 'last', '--state-dir', state)).stdout).toContain('run interrupted')
    expect(await nsnet('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(exec)).toEqual(before)
  },
)

test('a second signal ends nsnet and the running command at once, and undo works', async () => {
  const { nsnet, exec } = await sandboxed()
  const before = await fingerprint(exec)
  const state = mkdtempSync(join(dir, 'state-'))
  const script = `
    node dist/nsnet.js run ${file} --state-dir ${state} >/dev/null 2>&1 & nsnet=$!
    until ps -e -o comm= | grep -q '^ping$'; do sleep 0.02; done
    kill -INT $nsnet; sleep 0.1; kill -INT $nsnet; wait $nsnet; echo exit $?
    pinging() { ps -e -o stat=,comm= | grep -v '^Z' | grep -q 'ping$'; }
    for i in $(seq 100); do pinging || exit 0; sleep 0.02; done; echo still pinging`
  expect((await exec({ argv: ['sh', '-c', script] })).stdout).toBe('exit 130\n')
  expect(await nsnet('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(exec)).toEqual(before)
})

test('the same work started twice: one works, the other says who is at it; --wait waits', async () => {
  const { nsnet, exec } = await sandboxed()
  const state = mkdtempSync(join(dir, 'state-'))
  const script = `
    node dist/nsnet.js run ${file} --state-dir ${state} >/dev/null 2>&1 & nsnet=$!
    until grep -q StepApplied ${state}/runs/*.jsonl 2>/dev/null; do sleep 0.02; done
    node dist/nsnet.js run ${file} --state-dir ${state}; echo exit $?
    node dist/nsnet.js list --state-dir ${state}
    (sleep 0.3; kill -INT $nsnet) & node dist/nsnet.js undo --wait --state-dir ${state}; echo exit $?`
  const { stdout, stderr } = await exec({ argv: ['sh', '-c', script] })
  expect(stdout).toMatch(/^exit 75\n/)
  expect(stderr).toMatch(/nsnet with process id \d+ \(run \w+ of waits\) is/)
  expect(stdout).toMatch(/waits +running/)
  expect(stdout).toMatch(/undone: .*\n(.*\n)*exit 0\n$/)
  expect((await nsnet('list', '--state-dir', state)).stdout).toMatch(/waits +undone/)
})
