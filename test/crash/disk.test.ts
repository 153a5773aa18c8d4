import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Output } from '../../core/command.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { comparable } from '../../testing/comparable.ts'
import { has } from '../support/kernel.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { differing, stageOf, type Stage } from './trial.ts'

const workflow = 'test/crash/short.json'
const state = '/run/nsnet/own/disk'

const nsnet = ({ nsnet: run }: Sandboxed, ...args: readonly string[]): Promise<Output> =>
  run(...args, '--state-dir', state)

/** Runs nsnet whose system calls of one name fail from the one with number `nth` on. */
function withFault({ exec }: Sandboxed, fault: Fault, nth: number, ...args: readonly string[]): Promise<Output> {
  const inject = ['-e', `trace=${fault.calls}`, '-e', `inject=${fault.calls}:error=${fault.error}:when=${nth}+`]
  const only = fault.path === undefined ? [] : ['-P', fault.path]
  const strace = ['strace', '-f', '--seccomp-bpf', '-o', '/dev/null', ...only, ...inject]
  const command = [process.execPath, resolve('dist/nsnet.js'), ...args, '--state-dir', state]
  return exec({ argv: ['env', 'UV_THREADPOOL_SIZE=1', 'NSNET_SANDBOX=1', ...strace, ...command], timeoutMs: 120_000 })
}

interface Fault {
  readonly calls: string
  readonly error: string
  readonly path?: string
}

/** Says what is wrong with how nsnet ended on a disk that gave an error: it has to say so, and what to type next. */
function wrongEnd({ exitCode, stderr }: Output): readonly string[] {
  const told = /cannot write .*: (EIO|ENOSPC|EROFS).*\n.*(nsnet resume|run it again|--state-dir)/
  return exitCode === 0 || (exitCode === 1 && told.test(stderr)) ? [] : [`exit code ${exitCode}: ${stderr}`]
}

/** With the disk in order again: resumes what there is (nothing, when the run did not even begin), and undoes it. */
async function recovery({ world, before, whole }: Stage): Promise<readonly string[]> {
  const resumed = await nsnet(world, 'resume', 'last')
  const began = !resumed.stderr.includes('found none')
  const unlike = began ? await differing('resume', whole, async () => comparable(await fingerprint(world.exec))) : []
  const undone = await nsnet(world, 'undo')
  return [
    ...(resumed.exitCode === (began ? 0 : 64) ? [] : [`resume: ${resumed.exitCode} ${resumed.stderr}`]),
    ...unlike,
    ...(undone.exitCode === (began ? 0 : 64) ? [] : [`undo: ${undone.exitCode} ${undone.stderr}`]),
    ...(await differing('undo', before, () => fingerprint(world.exec))),
  ]
}

/** With `npm run test:crash` also a batch of which the intents fill more than one page. */
const filling = [workflow, ...(process.env['NSNET_CRASH'] === undefined ? [] : ['workflows/many.json'])]

test.each(filling)(
  'a disk that fills up stops %s before its effect; with room again it goes on',
  async (file) => {
    const stage = await stageOf(await sandboxed(), file)
    const { world } = stage
    await world.sh(`mkdir ${state}`)
    const exits: number[] = []
    for (let kib = 4; !exits.includes(0); kib += 4) {
      await world.sh(`mount -t tmpfs -o mode=700,size=${kib}k nsnet ${state}`)
      const output = await nsnet(world, 'run', file)
      exits.push(output.exitCode)
      await world.sh(`mount -o remount,size=1m ${state}`)
      expect({ kib, faults: [...wrongEnd(output), ...(await recovery(stage))] }).toEqual({ kib, faults: [] })
      await world.sh(`umount ${state}`)
    }
    expect(exits.length).toBeGreaterThan(2)
  },
  600_000,
)

test('a disk that is read-only stops every verb that writes before its effect', async () => {
  const stage = await stageOf(await sandboxed(), workflow)
  const { world } = stage
  await world.sh(`mkdir ${state}`)
  await world.sh(`mount -t tmpfs -o mode=700 nsnet ${state}`)
  expect(await nsnet(world, 'run', workflow)).toMatchObject({ exitCode: 0 })
  await world.sh(`mount -o remount,ro ${state}`)
  const whole = await fingerprint(world.exec)
  expect(await nsnet(world, 'list')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('completed') })
  for (const args of [['run', workflow], ['undo'], ['resume', 'last']]) {
    const output = await nsnet(world, ...args)
    expect({ args, code: output.exitCode, faults: wrongEnd(output) }).toEqual({ args, code: 1, faults: [] })
    expect(await fingerprint(world.exec)).toEqual(whole)
  }
  await world.sh(`mount -o remount,rw ${state}`)
  expect(await recovery(stage)).toEqual([])
})

describe.skipIf(!has('strace'))('a disk that fails', { timeout: 600_000 }, () => {
  test('at the nth fdatasync of a run stops it before its effect', async () => {
    const stage = await stageOf(await sandboxed(), workflow)
    let nth = 1
    for (let code = 1; code !== 0; nth += 1) {
      const output = await withFault(stage.world, { calls: 'fdatasync', error: 'EIO' }, nth, 'run', workflow)
      code = output.exitCode
      expect({ nth, faults: [...wrongEnd(output), ...(await recovery(stage))] }).toEqual({ nth, faults: [] })
      await stage.world.sh(`rm -r ${state}`)
    }
    expect(nth, 'begin, intents, outcomes').toBeGreaterThan(4)
  })

  test.each([
    ['fdatasync', 'EIO'],
    ['write,pwrite64', 'ENOSPC'],
    ['write,pwrite64', 'EIO'],
  ])('at the nth %s with %s of an undo leaves the rest to the next one', async (calls, error) => {
    const stage = await stageOf(await sandboxed(), workflow)
    let nth = 1
    for (let code = 1; code !== 0; nth += 1) {
      expect(await nsnet(stage.world, 'run', workflow)).toMatchObject({ exitCode: 0 })
      const path = (await stage.world.sh(`find ${state}/runs -name *.jsonl`)).trim()
      const output = await withFault(stage.world, { calls, error, path }, nth, 'undo')
      code = output.exitCode
      expect({ nth, faults: wrongEnd(output) }).toEqual({ nth, faults: [] })
      expect(await nsnet(stage.world, 'undo')).toMatchObject({ exitCode: 0 })
      expect(await differing('undo', stage.before, () => fingerprint(stage.world.exec))).toEqual([])
      await stage.world.sh(`rm -r ${state}`)
    }
    expect(nth, 'begin, ways back, outcomes').toBeGreaterThan(4)
  })
})
