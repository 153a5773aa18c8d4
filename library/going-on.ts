import type { Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunEvent, RunStarted } from '../core/events.ts'
import { isMidUndo, type Moment } from '../core/moment.ts'
import { isObjectPath } from '../core/place-in.ts'
import { printable, quote } from '../core/quote.ts'
import type { Registry } from '../core/registry.ts'
import type { Run } from '../core/run.ts'
import type { Facts } from '../core/step.ts'
import type { Store } from '../journal/store.ts'
import { bootOf, expectSameNetns } from './facts.ts'
import { workOn, type Working } from './opened-run.ts'
import type { RunRegistry } from './plugins.ts'
import { expectAll, expectRight, type GivenSecrets } from './run-secrets.ts'
import { continueRun, type Session, type Stopped } from './session.ts'
import type { Turn } from './turn.ts'

/**
 * Goes on with a run that stopped: after a reboot with all of it, else with what is left.
 *
 * @throws RUN_UNDONE, OTHER_NETNS, LOCKED; PLUGIN_INVALID when a plugin is gone or broken that it needs; USAGE when a secret is missing or is another one
 */
export async function goOnWith(working: Working, id: string): Promise<Stopped> {
  return await workOn(working, id, 'shared', async (opened, turn) => {
    const { session, moment, known } = opened
    const { started } = moment.run
    expectSameNetns(started, working.place.netns())
    expectRight(started, known)
    const facts = started.facts.boot === bootOf() ? undefined : await working.place.facts()
    if (isMidUndo(moment)) session.note({ what: 'lacks', lacking: session.registry.lacking })
    else expectPlugins(moment.run, session.registry, facts !== undefined)
    const others = isMidUndo(moment) ? await claimsAlone(turn, working.store, started) : []
    return await continueRun(session, turn, opened, resumed(session, moment, known, facts), others)
  })
}

/** What other runs claim, while nobody else is at work: what an undo needs that is to be finished first. */
async function claimsAlone(turn: Turn, store: Store, started: RunStarted): Promise<readonly Claim[]> {
  await turn.alone()
  return await store.claims(started)
}

function resumed(
  { note, registry }: Session,
  { run, status }: Moment,
  given: GivenSecrets,
  facts: Facts | undefined,
): RunEvent | undefined {
  const { started } = run
  if (status === 'completed' && !facts) return undefined
  if (status === 'undone') {
    const message = `expected a run that stopped, run ${started.run} is undone`
    throw new NsnetError('RUN_UNDONE', message, anewOf(started))
  }
  expectAll(started, given, 'resume')
  note({ what: 'goes on', started, anew: facts !== undefined })
  return facts ? { type: 'RunResumed', facts, outliving: outlivingIn(run, registry) } : { type: 'RunResumed' }
}

/** Names the steps that made something which a reboot leaves. */
const outlivingIn = ({ steps }: Run, { stepOf }: Registry): readonly string[] =>
  [...steps.values()].flatMap(({ open, spec }) => (open && stepOf(spec.uses)?.outlivesBoot === true ? [spec.id] : []))

/**
 * Refuses to go on with steps whose plugin is gone or broken: they cannot be planned without it. Those that hold are not looked
 * at again, unless `all` are to be done anew.
 *
 * @throws PLUGIN_INVALID
 */
function expectPlugins({ started, steps }: Run, registry: RunRegistry, all: boolean): void {
  const left = [...steps.values()].filter(({ status }) => all || !/^(applied|satisfied)$/.test(status))
  const step = left.find(({ spec }) => registry.stepOf(spec.uses) === undefined)
  if (!step) return
  const { id, uses } = step.spec
  const { plugins, run } = started
  const whys = registry.lacking.map(({ why }) => why)
  const why = whys.length > 0 ? whys.join('; ') : `none of ${plugins.join(', ') || 'no plugins'} has it any more`
  const message = `expected the step type "${uses}" of step ${id}: ${why}`
  const hint = `put it right, then: nsnet resume ${run}; or take back what there is: nsnet undo ${run}`
  throw new NsnetError('PLUGIN_INVALID', message, hint)
}

/** What to type where a run is over. */
export const anewOf = ({ workflow: { path } }: RunStarted): string =>
  `begin a new one: nsnet run ${isObjectPath(path) ? 'FILE' : printable(quote(path))}`
