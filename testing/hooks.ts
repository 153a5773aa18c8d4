import { HANDLE, show, type Command } from '../core/command.ts'
import { outputsIn } from '../core/effects/subject.ts'
import { equal, type Json } from '../core/json.ts'
import { isDone, type Context, type Plan, type Step } from '../core/step.ts'
import { Breach } from './breach.ts'
import { unlikeOutputs } from './foretold.ts'

/** A step that was applied by hand: what it saw before, right behind its commands, and when the kernel had come to rest. */
export interface Deed<Input, State extends Json> {
  readonly step: Step<Input, State>
  readonly input: Input
  readonly where: Context
  /** When it was planned, ISO 8601. */
  readonly at: string
  readonly before: State
  readonly soon: State
  readonly after: State
  readonly plan: Plan
  /** What its first probe prints now. */
  readonly listed: string
}

/** Expects of what the engine goes by, beside planning and undoing, that it is true of a step that was applied. @throws Breach */
export function expectHooks<Input, State extends Json>(deed: Deed<Input, State>): void {
  expectClaimed(deed)
  expectOutcome(deed)
  expectStillOwn(deed)
  expectChanges(deed)
  expectHandle(deed)
  askForTheRest(deed)
}

/** Another run that finds it in place claims it by these keys, and where it would have to do it otherwise. @see core/claims.ts */
function expectClaimed<I, S extends Json>({ step, input, where, before }: Deed<I, S>): void {
  if (step.alone === true) return
  const { creates = [], shares = [] } = step.resources(input)
  if (creates.length + shares.length === 0) throw new Breach('claimed', 'nothing in "creates" and nothing in "shares"')
  if (isDone(step.plan(input, before, { ...where, run: 'another1', step: 'other' })))
    throw new Breach('claimed', 'for what was there before, another run plans nothing: it would not miss what was made')
}

function expectOutcome<I, S extends Json>({ step, input, where, before, after }: Deed<I, S>): void {
  const told = step.outcome?.(input, before, where) as S | undefined
  if (told === undefined) return
  const plan = step.plan(input, told, where)
  if (plan.conflict !== undefined) throw new Breach('outcome', `planned on it, the conflict: ${plan.conflict}`)
  if (plan.apply.length > 0) throw new Breach('outcome', 'planned on it, the commands:', ...plan.apply.map(show))
  const other = unlikeOutputs(step, input, told, after)
  if (other.length > 0) throw new Breach('outcome', 'of what it gave, against what was seen:', ...other)
}

function expectStillOwn<I, S extends Json>({ step, input, where, at, before, soon, after }: Deed<I, S>): void {
  if (step.mine?.(input, before, after, { ...where, at, refused: false }) === false)
    throw new Breach('still-own', '"mine" said false of what it had made a moment ago')
  const [made, found] = [soon, after].map((state) => step.identity?.(state) ?? null) as [Json, Json]
  if (!equal(made, found))
    throw new Breach(
      'still-own',
      `"identity" gave ${JSON.stringify(made)}, and a moment later ${JSON.stringify(found)}`,
    )
  for (const left of [soon, undefined]) {
    const drift = step.drift?.(input, left, after, where)
    const what = left === undefined ? 'undefined as "after"' : 'what it had left'
    if (drift !== undefined) throw new Breach('still-own', `"drift" said, with ${what}: ${drift}`)
  }
}

function expectChanges<I, S extends Json>({ step, input, before }: Deed<I, S>): void {
  const changes = step.changes?.(input, before) ?? []
  const idle = changes.filter(({ from, to }) => from === to).map(({ what, to }) => `${what}: ${to} → ${to}`)
  if (idle.length > 0) throw new Breach('changes', ...idle)
}

function expectHandle<I, S extends Json>({ step, input, where, plan, listed }: Deed<I, S>): void {
  const comment = step.commentOfHandle?.(input, where)
  if (comment === undefined) return
  const at = listed.indexOf(`"${comment}"`)
  if (at === -1) throw new Breach('handle', `no "${comment}" in what the first probe prints`)
  const upTo = listed.slice(0, listed.indexOf('\n', at) + 1 || listed.length)
  if (!/# handle \d+/.test(upTo))
    throw new Breach('handle', `no "# handle" up to the end of the line with "${comment}"`)
  const undo = plan.conflict === undefined ? plan.undo : []
  if (!undo.some(goesByHandle)) throw new Breach('handle', `no ${HANDLE} in the way back:`, ...undo.map(show))
}

const goesByHandle = ({ argv, stdin = '' }: Command): boolean => argv.includes(HANDLE) || stdin.includes(HANDLE)

/** Asks for what cannot be proved by a kernel, so that it is seen to be of the right shape, and pure. */
function askForTheRest<I, S extends Json>({ step, input, before, after }: Deed<I, S>): void {
  step.changes?.(input, after)
  step.rest?.(input, before, after)
  step.sketch?.(input)
  step.foreseeable?.(input)
  step.patience?.(input)
  outputsIn(step, after, input)
}
