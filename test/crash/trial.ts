import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { differences, tell } from '../../core/difference.ts'
import { fingerprint, type Fingerprint } from '../../core/fingerprint.ts'
import { equal, type Json } from '../../core/json.ts'
import { settle } from '../../core/wait.ts'
import { comparable } from '../../testing/comparable.ts'
import type { Sandboxed } from '../support/sandbox.ts'

/**
 * What nsnet is asked to do; it is killed at the boundary with the number `killAt` (if it comes so far: what is left to do
 * after an earlier kill may have fewer), or let go on to its end.
 */
export interface Act {
  readonly verb: 'run' | 'resume' | 'undo' | 'repair'
  readonly killAt?: number
}

/** What somebody else does to the kernel in between, as a script for sh(1). */
export interface Disturbance {
  readonly sh: string
}

/** A world in which one workflow is tried again and again: what it was before, and what an uninterrupted run makes of it. */
export interface Stage {
  readonly world: Sandboxed
  readonly workflow: string
  readonly before: Fingerprint
  readonly whole: Json
  /** The boundaries of the run and of its undo, in their order; those of a resume and a repair are some of the run. */
  readonly boundaries: { readonly [verb in Act['verb']]: readonly string[] }
}

/** Sets the stage: an uninterrupted run, and its undo. */
export async function stageOf(world: Sandboxed, workflow: string): Promise<Stage> {
  const before = await fingerprint(world.exec)
  const state = newState()
  const run = await boundariesOf(world, state, { verb: 'run' }, workflow)
  const whole = comparable(await fingerprint(world.exec))
  const undo = await boundariesOf(world, state, { verb: 'undo' }, workflow)
  const faults = await differing('an uninterrupted run and undo', before, () => fingerprint(world.exec))
  if (faults.length > 0) throw new Error(faults.join('\n'))
  return { world, workflow, before, whole, boundaries: { run, undo, resume: run, repair: run } }
}

/**
 * Does some acts, and then what a person would: resume (or not, or resume and repair), undo, undo again. Gives what is wrong: after the resume
 * the kernel has to be as after an uninterrupted run, after the undo as before, and undoing again has nothing to do.
 */
export async function faultsOf(
  stage: Stage,
  acts: readonly (Act | Disturbance)[],
  then: 'resume' | 'repair' | 'undo',
): Promise<readonly string[]> {
  const { world, workflow, before, whole } = stage
  const state = newState()
  const faults: string[] = []
  const tried = async (act: Act): Promise<number> => {
    const { exitCode, stdout, stderr } = await nsnet(world, state, act, workflow)
    const well = exitCode === 0 || (exitCode === 64 && nothingLeft.test(stderr))
    if (!well && !(exitCode === KILLED && act.killAt !== undefined))
      faults.push(`${act.verb}: exit code ${exitCode}: ${stdout}${stderr}`)
    return exitCode
  }
  const codes: number[] = []
  for (const act of acts) {
    if ('sh' in act) await disturb(world, act)
    else codes.push(await tried(act))
  }
  if (!codes.includes(KILLED)) faults.push(`nothing was killed: exit codes ${codes.join(', ')}`)
  const goOn = then === 'undo' ? [] : then === 'repair' ? (['resume', 'repair'] as const) : (['resume'] as const)
  const went: number[] = []
  for (const verb of goOn) went.push(await tried({ verb }))
  if (then !== 'undo' && went.every((code) => code === 0))
    faults.push(...(await differing('resume', whole, async () => comparable(await fingerprint(world.exec)))))
  await tried({ verb: 'undo' })
  faults.push(...(await differing('undo', before, () => fingerprint(world.exec))))
  const lines = await journalLines(world, state)
  await tried({ verb: 'undo' })
  if ((await journalLines(world, state)) !== lines) faults.push('undoing again wrote to the journal')
  faults.push(...(await differing('undoing again', before, () => fingerprint(world.exec))))
  return faults
}

/** Does what somebody else does in between. */
export async function disturb({ exec }: Sandboxed, { sh }: Disturbance): Promise<void> {
  const { exitCode, stderr } = await exec({ argv: ['sh', '-ec', sh] })
  if (exitCode !== 0) throw new Error(`${sh}: exit code ${exitCode}: ${stderr}`)
}

/** What nsnet says when it was killed before the run began, or after it was undone. */
const nothingLeft = /found none|is undone/

/** Exit code of a process that SIGKILL ended. */
const KILLED = 137

/** How long what the kernel does in the background may take to be seen, in milliseconds. */
const SETTLE_MS = 3_000

/** Tells each difference that is still there after a moment. */
export async function differing(when: string, expected: Json, see: () => Promise<Json>): Promise<readonly string[]> {
  const found = await settle(see, (seen) => equal(expected, seen), SETTLE_MS)
  return differences(expected, found).map((difference) => `after ${when}: ${tell(difference)}`)
}

const journalLines = async ({ exec }: Sandboxed, state: string): Promise<string> =>
  (await exec({ argv: ['sh', '-c', `cat ${state}/runs/*.jsonl | wc -l`] })).stdout

let states = 0
/** Names a state directory of its own. */
export const newState = (): string => `/run/nsnet/own/trial-${process.pid}-${states++}`

const every = process.env['NSNET_CRASH'] === 'every' ? ['NSNET_EVERY_BOUNDARY=1'] : []

const preload = ['--import', resolve('testing/boundaries.mjs')]

async function nsnet(world: Sandboxed, state: string, act: Act, workflow: string, env: readonly string[] = []) {
  const { verb, killAt } = act
  const what = verb === 'run' ? ['run', workflow] : verb === 'resume' ? ['resume', 'last'] : [verb]
  const kill = killAt === undefined ? [] : [`NSNET_KILL_AT=${killAt}`]
  const command = [process.execPath, ...preload, resolve('dist/nsnet.js'), ...what, '--state-dir', state]
  return await world.exec({
    argv: ['env', 'NSNET_SANDBOX=1', ...every, ...env, ...kill, ...command],
    timeoutMs: 120_000,
  })
}

/** Lets an act go on to its end, and lists its boundaries. */
export async function boundariesOf(
  world: Sandboxed,
  state: string,
  act: Act,
  workflow: string,
): Promise<readonly string[]> {
  const file = `/tmp/nsnet-boundaries-${process.pid}`
  rmSync(file, { force: true })
  const { exitCode, stdout, stderr } = await nsnet(world, state, act, workflow, [`NSNET_BOUNDARIES=${file}`])
  if (exitCode !== 0) throw new Error(`${act.verb}: exit code ${exitCode}: ${stdout}${stderr}`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(file)
  return lines
}
