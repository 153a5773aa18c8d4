import { join } from 'node:path'
import { compare } from '../compare.ts'
import { contest, type Contestant } from '../contest.ts'
import type { Section } from '../figures.ts'
import { firstCommandOf, killHalfWay } from '../half-way.ts'
import { manyWorkflow, RULES_EACH } from '../many-workflow.ts'
import { costOf, journalOf, nsnet } from '../nsnet.ts'
import { roundsAt, type Group, type Setting } from '../setting.ts'
import { printed, timed } from '../timed.ts'
import { cleanUp, expectClean, expectDone } from '../world.ts'

/** One run of many steps: planned, killed half-way, resumed, verified, shown, undone. */
export const long: Group = async (setting) => {
  const sections: Section[] = []
  let eachMs = 0
  for (const size of setting.sizes) {
    const seconds = Math.round((eachMs * size) / 1000)
    if (seconds > setting.patience * 2) {
      const leftOut = `would take some ${seconds} s: --patience ${Math.ceil(seconds / 2)}`
      sections.push({ id: `long.${size}`, title: titleOf(size), versus: '', rows: [{ name: 'all of it', leftOut }] })
      continue
    }
    setting.say(`long: ${size} netns`)
    const began = performance.now()
    sections.push(...(await measured(size, setting).finally(cleanUp)))
    eachMs = (performance.now() - began) / size
  }
  return sections
}

const titleOf = (size: number): string => `one run of ${size} netns`

async function measured(size: number, setting: Setting): Promise<readonly Section[]> {
  const workflow = manyWorkflow(setting.dir, size)
  const state = join(setting.dir, `state-long-${size}`)
  const own = ['--state-dir', state]
  const id = 'long'
  const against = (base: Contestant, ...others: readonly Contestant[]) =>
    compared(size, setting, titleOf(size), [base, ...others])
  const planned = await against(bareNode, costing('plan', 'plan', ...workflow, ...own))
  await killHalfWay(size, ['run', ...workflow, '--id', id, ...own])
  const journal = journalOf(state, id)
  const resumed = await against(
    { name: 'replay only', round: () => ({ ms: replayed(setting.dir, journal) }) },
    { name: 'resume, to its first command', round: () => ({ ms: firstCommandOf(state, id) }) },
  )
  timed(nsnet('resume', id, ...own))
  expectDone(size, size * RULES_EACH)
  const looked = await against(
    bareNode,
    costing('verify', 'verify', id, ...own),
    costing('show', 'show', id, ...own),
    costing('list', 'list', ...own),
  )
  timed(nsnet('undo', id, ...own))
  expectClean()
  return [
    { ...planned, id: `long.${size}`, rows: [...planned.rows, ...looked.rows.slice(1)] },
    { ...resumed, id: `resume.${size}`, title: `killed half-way to ${size} netns` },
  ]
}

const bareNode: Contestant = { name: 'node -e 0', round: () => ({ ms: timed([process.execPath, '-e', '0']) }) }

/** A command of nsnet; loading what tells its memory takes a millisecond. */
const costing = (name: string, ...args: readonly string[]): Contestant => ({
  name,
  round: () => ({ ...costOf(...args) }),
})

/** Reads and folds a journal in a process of its own, which tells the milliseconds of that alone. */
const replayed = (dir: string, journal: string): number =>
  Number(printed([process.execPath, join(dir, 'code', 'replay.js'), journal]))

async function compared(
  size: number,
  setting: Setting,
  title: string,
  contestants: readonly Contestant[],
): Promise<Section> {
  const length = { rounds: roundsAt(size, setting), warmUp: 0, patienceMs: setting.patience * 250 }
  const results = await contest(contestants, length, () => undefined)
  return compare(results, { id: '', title, what: 'ms', unit: 'ms', with: contestants[0]!.name, ratio: 'to it' })
}
