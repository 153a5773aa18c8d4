import { join } from 'node:path'
import { compare } from '../compare.ts'
import { contest, type Contestant } from '../contest.ts'
import { nsnet } from '../nsnet.ts'
import type { Group } from '../setting.ts'
import { timed } from '../timed.ts'
import { cleanUp } from '../world.ts'
import { withoutChecks } from './one.ts'

/** What it takes to begin: whole processes that do little, against a Node that does nothing. */
export const start: Group = async ({ dir, rounds, warmUp, patience }) => {
  const file = withoutChecks(dir)
  const contestants = [
    starting('node -e 0', [process.execPath, '-e', '0']),
    starting('nsnet --version', nsnet('--version')),
    starting('nsnet validate internet.json', nsnet('validate', file)),
    starting('nsnet plan internet.json', nsnet('plan', file, '--state-dir', join(dir, 'state-start'))),
  ]
  const results = await contest(contestants, { rounds, warmUp, patienceMs: patience * 1000 }, cleanUp)
  return [
    compare(results, { id: 'start', title: 'start-up', what: 'ms', unit: 'ms', with: 'node -e 0', ratio: 'to it' }),
  ]
}

const starting = (name: string, argv: readonly string[]): Contestant => ({ name, round: () => ({ ms: timed(argv) }) })
