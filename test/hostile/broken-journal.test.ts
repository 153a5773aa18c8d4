import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settledFingerprint } from '../support/kernel.ts'
import { linesOf } from '../support/lines.ts'
import { started, undone } from '../support/events.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-broken-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const runs = '/run/nsnet/own/state/runs'

const hashOf = (world: Sandboxed): Promise<string> => world.sh(`find ${runs} -name *.jsonl -exec sha256sum {} +`)

/** Expects that a run is refused with the place of what is broken, and that nothing at all is changed. */
async function expectRefused(world: Sandboxed, id: string, place: string): Promise<void> {
  const before = { journals: await hashOf(world), kernel: await settledFingerprint(world.exec) }
  for (const verb of [['undo'], ['undo', '--force', '--cascade'], ['resume'], ['show'], ['log']]) {
    const { exitCode, stdout, stderr } = await world.nsnet(...verb, id)
    expect({ verb, exitCode, stdout, stack: /\n {4}at /.test(stderr) }).toEqual({
      verb,
      exitCode: 1,
      stdout: '',
      stack: false,
    })
    expect(stderr).toMatch(
      /^nsnet: \S+: expected .*\n {2}the file was changed after it was written; restore it from a copy/,
    )
    expect(stderr).toContain(`${runs}/${id}.jsonl:${place}: `)
  }
  expect({ journals: await hashOf(world), kernel: await settledFingerprint(world.exec) }).toEqual(before)
}

test('a byte flipped in the middle of a journal stops undo, resume and show; nothing is written or touched', async () => {
  const world = await sandboxed()
  expect(await world.nsnet('run', 'workflows/internet.json')).toMatchObject({ exitCode: 0 })
  const [{ id }] = JSON.parse((await world.nsnet('list', '--json')).stdout) as readonly [{ readonly id: string }]
  const flip = `
    const fs = require('node:fs')
    const path = '${runs}/${id}.jsonl'
    const bytes = fs.readFileSync(path)
    const at = bytes.length >> 1
    bytes[at] ^= 1
    fs.writeFileSync(path, bytes)
    process.stdout.write(String(bytes.subarray(0, at).filter((byte) => byte === 10).length + 1))`
  const { stdout: line } = await world.exec({ argv: [process.execPath, '-e', flip] })
  expect(Number(line)).toBeGreaterThan(5)
  await expectRefused(world, id, line)

  const run = await world.nsnet('run', 'workflows/two-namespaces.json')
  expect(run).toMatchObject({ exitCode: 0 })
  const healthy = /nsnet undo (\w+)/.exec(run.stdout)![1]!
  const { stdout } = await world.nsnet('list')
  expect(stdout).toMatch(new RegExp(`${id} .*broken journal`))
  expect(stdout).toContain('completed')
  for (const verb of ['undo', 'resume'])
    expect(await world.nsnet(verb)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(new RegExp(`journal of run ${id} is broken.*\\n.*name the run`)),
    })
  expect(await world.nsnet('undo', healthy)).toMatchObject({ exitCode: 0 })
})

test('a journal with right sums and events that make no sense is refused like a broken one', async () => {
  const world = await sandboxed()
  await world.sh('mkdir -p -m 700 /run/nsnet/own/state/runs')
  const path = join(dir, 'forged.jsonl')
  writeFileSync(path, linesOf([{ ...started('a'), run: 'forged' }, undone('b')]))
  await world.sh(`cp ${path} ${runs}/forged.jsonl`)
  await expectRefused(world, 'forged', '2')
})
