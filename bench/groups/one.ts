import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare } from '../compare.ts'
import { contest, type Contestant } from '../contest.ts'
import { nsnet } from '../nsnet.ts'
import { cni } from '../peers/cni.ts'
import { pyroute2 } from '../peers/pyroute2.ts'
import { scripts, type Peer } from '../peers/scripts.ts'
import type { Group } from '../setting.ts'
import { timed } from '../timed.ts'
import { cleanUp, expectClean, expectDone } from '../world.ts'

/** The tutorial's job: a netns with access to the internet, from nothing, and back to nothing. */
export const one: Group = async ({ dir, rounds, warmUp, patience }) => {
  const peers = [...scripts(dir), cni(dir), pyroute2()]
  const contestants = [nsnetOnInternet(dir), ...peers.map(contestantOf)]
  const results = await contest(contestants, { rounds, warmUp, patienceMs: patience * 1000 }, cleanUp)
  const against = { unit: 'ms', with: 'nsnet', ratio: 'of it' } as const
  return [
    compare(results, { id: 'one.run', title: 'one netns: set up', what: 'up', ...against }),
    compare(results, { id: 'one.undo', title: 'one netns: take back', what: 'down', ...against }),
  ]
}

/** Rules that the job needs: one to masquerade, two to accept. */
const RULES = 3

/** Whole processes, the journal on disk before each effect. */
function nsnetOnInternet(dir: string): Contestant {
  const file = withoutChecks(dir)
  const state = ['--state-dir', join(dir, 'state-one')]
  let count = 0
  return {
    name: 'nsnet',
    round: () => {
      const id = `one${(count += 1)}`
      const up = timed(nsnet('run', file, '--id', id, ...state))
      expectDone(1, RULES)
      const down = timed(nsnet('undo', id, ...state))
      expectClean()
      return { up, down }
    },
  }
}

/** Writes `internet.json` without its checks, which wait for answers; gives the path. */
export function withoutChecks(dir: string): string {
  const workflow = JSON.parse(readFileSync('workflows/internet.json', 'utf8')) as { steps: { uses: string }[] }
  const path = join(dir, 'internet.json')
  writeFileSync(path, JSON.stringify({ ...workflow, steps: workflow.steps.filter(({ uses }) => uses !== 'check') }))
  return path
}

function contestantOf({ name, missing, up, down, rules, sweep }: Peer): Contestant {
  const round = () => {
    const upMs = timed(up)
    expectDone(1, rules ?? RULES)
    const downMs = timed(down)
    sweep?.()
    expectClean()
    return { up: upMs, down: downMs }
  }
  return { name, missing, round }
}
