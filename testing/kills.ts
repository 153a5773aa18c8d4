import type { Output } from '../core/command.ts'
import { Breach } from './breach.ts'
import type { Rule } from './laws.ts'
import { KILLED, type Nsnet } from './nsnet.ts'
import { changesSince, toldOf, unlike, type Picture } from './picture.ts'

/** What the real nsnet is tried with. */
export interface Site {
  /** Makes a real nsnet whose workflow is the example, with an empty state directory. */
  readonly nsnet: () => Promise<Nsnet>
  readonly see: () => Promise<Picture>
  readonly before: Picture
}

/** What kills are tried with that a resume follows. */
export interface KillSite extends Site {
  /** What an uninterrupted apply makes. */
  readonly whole: Picture
}

/** How many commands apply and undo have, done by hand. */
export interface Counts {
  readonly apply: number
  readonly undo: number
}

/** Of more commands than these, kills are tried behind some only. */
const MOST_KILLS = 4

/**
 * Kills a run behind one of its changes and resumes it, kills its undo behind one and goes on with it: for each of them. In
 * between, the first time, the same is run again.
 *
 * @throws Breach
 */
export async function killedAndResumed(site: KillSite, counts: Counts): Promise<void> {
  const { nsnet, see, before, whole } = site
  for (const [time, at] of pointsOf(Math.max(counts.apply, counts.undo)).entries()) {
    const it = await nsnet()
    const run = await killed(it, 'run', Math.min(at, counts.apply))
    expectWell('resumes', `nsnet resume, ${run}`, await it.act('resume'))
    let made = before
    const seeing = async (): Promise<Picture> => (made = await see())
    expectNone('resumes', `after the resume, ${run}`, await unlike(whole, seeing))
    if (time === 0) await ranTwice(site, it, made)
    const undo = await killed(it, 'undo', Math.min(at, counts.undo))
    expectWell('undo-resumes', `nsnet undo again, ${undo}`, await it.act('undo'))
    expectNone('undo-resumes', `after undoing again, ${undo}`, await changesSince(before, see))
  }
}

/** Runs the same again, in a process of its own, and takes that back: nothing of it may be seen. */
async function ranTwice({ see }: Site, it: Nsnet, made: Picture): Promise<void> {
  expectWell('twice', 'nsnet run, a second time', await it.act('run'))
  expectNone('twice', 'after a second run', await changesSince(made, see))
  expectWell('twice', 'nsnet undo of the second run', await it.act('undo last'))
  expectNone('twice', 'after the undo of the second run', await changesSince(made, see))
}

/** Kills a run behind one of its changes and undoes it: for each of them. @throws Breach */
export async function killedAndUndone({ nsnet, see, before }: Site, { apply }: Counts): Promise<void> {
  for (const at of pointsOf(apply)) {
    const it = await nsnet()
    const run = await killed(it, 'run', at)
    expectWell('undoes-half', `nsnet undo, ${run}`, await it.act('undo'))
    expectNone('undoes-half', `after the undo, ${run}`, await changesSince(before, see))
  }
}

/** Runs and undoes what changes nothing. @throws Breach */
export async function ranAndUndone({ nsnet, see, before }: Site): Promise<void> {
  const it = await nsnet()
  expectWell('runs', 'nsnet run', await it.act('run'))
  expectWell('runs', 'nsnet undo', await it.act('undo'))
  expectNone('looks-only', 'after run and undo', await changesSince(before, see))
}

/** Chooses numbers from 1 to a count: all of them, or some from the first to the last. */
function pointsOf(count: number): readonly number[] {
  const size = Math.min(count, MOST_KILLS)
  return Array.from({ length: size }, (_, at) => (size === 1 ? 1 : 1 + Math.round((at * (count - 1)) / (size - 1))))
}

/** Kills an nsnet; one that has fewer changes to do comes to its end. Gives what happened, in words. */
async function killed(it: Nsnet, verb: 'run' | 'undo', at: number): Promise<string> {
  const output = await it.act(verb, at)
  if (output.exitCode === KILLED) return `after a kill of nsnet ${verb} behind its change ${at}`
  expectWell('runs', `nsnet ${verb}`, output)
  return `after nsnet ${verb}`
}

function expectWell(rule: Rule, what: string, { exitCode, stdout, stderr }: Output): void {
  if (exitCode === 0) return
  const said = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '')
  throw new Breach(rule, `${what}: exit code ${exitCode}`, ...said)
}

function expectNone(rule: Rule, when: string, found: Parameters<typeof toldOf>[0]): void {
  if (found.length > 0) throw new Breach(rule, `${when}:`, ...toldOf(found))
}
