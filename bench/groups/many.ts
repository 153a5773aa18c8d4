import { join } from 'node:path'
import { compare, rowFor } from '../compare.ts'
import { contest, type Contestant, type Length, type Result } from '../contest.ts'
import { rowOf, type Section } from '../figures.ts'
import { manyWorkflow, RULES_EACH } from '../many-workflow.ts'
import { costOf, eventsOf } from '../nsnet.ts'
import { manyPeers } from '../peers/many.ts'
import type { Peer } from '../peers/scripts.ts'
import { roundsAt, type Group, type Setting } from '../setting.ts'
import { timed } from '../timed.ts'
import { cleanUp, expectClean, expectDone } from '../world.ts'

/** The same job for N netns at once, and how much memory nsnet takes. */
export const many: Group = async (setting) => {
  const sections: Section[] = []
  for (const size of setting.sizes) {
    setting.say(`many: ${size} netns`)
    const before = { size: setting.sizes[setting.sizes.indexOf(size) - 1] ?? 0, sections }
    sections.push(...sectionsOf(size, await contestAt(size, setting, before)))
  }
  return sections
}

/** From how many netns on a peer sets up only once, and is not taken back by its own loop, for that takes minutes. */
const SLOW_FROM = 1000

async function contestAt(size: number, setting: Setting, before: Before): Promise<readonly Result[]> {
  const length: Length = {
    rounds: roundsAt(size, setting),
    warmUp: size <= 10 ? Math.min(1, setting.warmUp) : 0,
    patienceMs: setting.patience * 1000,
  }
  const contestants = [nsnetAt(size, setting), ...manyPeers(setting.dir, size).map((peer) => peerAt(size, peer))]
  const willing = contestants.map((one) => ({ missing: tooSlow(one.name, size, setting, before), ...one }))
  return await contest(willing, length, cleanUp)
}

interface Before {
  readonly size: number
  readonly sections: readonly Section[]
}

/** Leaves out who would need more than twice the patience, judged by what a smaller size took. */
function tooSlow(name: string, size: number, { patience }: Setting, { size: smaller, sections }: Before) {
  const up = rowOf(sections, `many.run.${smaller}`, name)
  const seconds = ((up?.each ?? 0) * size) / 1000
  const limit = patience * 2
  return seconds > limit ? `would take some ${Math.round(seconds)} s: --patience ${Math.ceil(seconds / 2)}` : undefined
}

function nsnetAt(size: number, { dir }: Setting): Contestant {
  const workflow = manyWorkflow(dir, size)
  const state = join(dir, `state-many-${size}`)
  let count = 0
  const round = () => {
    const id = `many${(count += 1)}`
    const up = costOf('run', ...workflow, '--id', id, '--state-dir', state)
    expectDone(size, size * RULES_EACH)
    const runEvents = eventsOf(state, id)
    const down = costOf('undo', id, '--state-dir', state)
    expectClean()
    const perEvent = { upEvent: up.ms / runEvents, downEvent: down.ms / (eventsOf(state, id) - runEvents) }
    return { up: up.ms, down: down.ms, upPeak: up.peak, downPeak: down.peak, ...perEvent }
  }
  return { name: 'nsnet', round }
}

function peerAt(size: number, { name, missing, up, down }: Peer): Contestant {
  const isSlow = size >= SLOW_FROM && name === 'bash loop'
  const round = () => {
    const upMs = timed(up)
    expectDone(size, size * RULES_EACH)
    const downMs = isSlow ? cleanUp() : timed(down)
    expectClean()
    return downMs === undefined ? { up: upMs } : { up: upMs, down: downMs }
  }
  return { name, ...(missing === undefined ? {} : { missing }), ...(isSlow ? { atMost: 1 } : {}), round }
}

function sectionsOf(size: number, results: readonly Result[]): readonly Section[] {
  const against = { unit: 'ms', with: 'nsnet', ratio: 'of it', size } as const
  return [
    compare(results, { id: `many.run.${size}`, title: `${size} netns: set up`, what: 'up', ...against }),
    compare(results, { id: `many.undo.${size}`, title: `${size} netns: take back`, what: 'down', ...against }),
    ...(results[0]!.leftOut === undefined ? [ownSection(size, results[0]!)] : []),
  ]
}

function ownSection(size: number, nsnet: Result): Section {
  const rows = [
    rowFor(nsnet, 'run, for each event', { what: 'upEvent', unit: 'ms' }),
    rowFor(nsnet, 'undo, for each event', { what: 'downEvent', unit: 'ms' }),
    rowFor(nsnet, 'run, peak memory', { what: 'upPeak', unit: 'MB' }),
    rowFor(nsnet, 'undo, peak memory', { what: 'downPeak', unit: 'MB' }),
  ].filter((row) => row !== undefined)
  return { id: `many.nsnet.${size}`, title: `${size} netns: nsnet itself`, versus: '', rows }
}
