import { netnsOf, show, succeeded, type Command, type Exec, type Output } from '../core/command.ts'
import { listNetns, parseNetns } from '../core/netns-files.ts'
import type { Json } from '../core/json.ts'
import { probesOf, undoOf, type Context, type Plan, type Step } from '../core/step.ts'
import { Breach } from './breach.ts'
import { printed } from './given.ts'
import { strangeIn } from './strange.ts'

/** A step on a real kernel, its verbs called by hand as the engine would. Each throws `Breach`. */
export interface ByHand<State extends Json> {
  /** Probes and observes. Probes in a netns that is not there are not run, and print nothing. */
  readonly observe: (where: Context) => Promise<State>
  /** Observes, and gives what the probes printed, too. */
  readonly look: (where: Context) => Promise<Looked<State>>
  readonly plan: (where: Context) => Promise<Plan>
  /** Plans, and runs what is to be applied; gives what was seen before, and the plan. */
  readonly apply: () => Promise<Applied<State>>
  /** Takes the step back to `before`: whatever the exit codes, looking again decides. Gives the commands. */
  readonly undo: (before: State) => Promise<readonly Command[]>
}

/** What a step saw. */
export interface Looked<State extends Json> {
  readonly state: State
  /** One for each of its probes. */
  readonly outputs: readonly Output[]
}

/** How a step was applied. */
export interface Applied<State extends Json> {
  readonly before: State
  readonly outputs: readonly Output[]
  readonly plan: Feasible
}

type Feasible = Extract<Plan, { readonly conflict?: undefined }>

/** Drives one step by hand. */
export function byHand<Input, State extends Json>(
  exec: Exec,
  step: Step<Input, State>,
  input: Input,
  where: Context,
): ByHand<State> {
  const undoing: Context = { ...where, undoing: true }
  const look = (looking: Context): Promise<Looked<State>> => lookedAt(exec, step, input, looking)
  const observe = async (looking: Context): Promise<State> => (await look(looking)).state
  const plan = async (looking: Context): Promise<Plan> => step.plan(input, await observe(looking), looking)
  const wayBack = async (before: State): Promise<readonly Command[]> =>
    undoOf(step, input, before, await observe(undoing), undoing).map(asData)
  return {
    observe,
    look,
    plan,
    async apply() {
      const { state: before, outputs } = await look(where)
      const made = step.plan(input, before, where)
      if (made.conflict !== undefined) throw new Breach('no-conflict', `the conflict: ${made.conflict}`)
      const apply = made.apply.map(asData)
      for (const command of apply) await ran(exec, command)
      return { before, outputs, plan: { ...made, apply } }
    },
    async undo(before) {
      const commands = await wayBack(before)
      for (const command of commands) await exec(command)
      const left = await wayBack(before)
      if (left.length > 0) throw new Breach('undo-ends', 'commands that are left to run:', ...left.map(show))
      return commands
    },
  }
}

async function lookedAt<Input, State extends Json>(
  exec: Exec,
  step: Step<Input, State>,
  input: Input,
  where: Context,
): Promise<Looked<State>> {
  const outputs: Output[] = []
  for (const command of probesOf(step, input, where)) outputs.push(await probed(exec, asData(command)))
  const state = step.observe(outputs[0] ?? printed(''), input, { ...where, outputs })
  const journaled = JSON.parse(JSON.stringify(state)) as State
  expectPlain(state, journaled)
  return { state: journaled, outputs }
}

async function probed(exec: Exec, command: Command): Promise<Output> {
  const netns = netnsOf(command)
  if (netns !== undefined && !(netns in parseNetns((await exec(listNetns)).stdout))) return printed('')
  const output = await exec(command)
  if (!succeeded(command, output)) throw new Breach('probe-lists', ...failed(command, output))
  return output
}

async function ran(exec: Exec, command: Command): Promise<void> {
  const output = await exec(command)
  if (!succeeded(command, output)) throw new Breach('apply-runs', ...failed(command, output))
}

const failed = (command: Command, { exitCode, timedOut, stderr }: Output): readonly string[] => [
  `${show(command)}: ${timedOut ? 'took too long' : `exit code ${exitCode}`}`,
  ...stderr
    .trim()
    .split('\n')
    .filter((line) => line !== ''),
]

/** Of a Date, a Map or NaN the journal would give back something else. */
function expectPlain(state: Json, journaled: Json): void {
  const strange = strangeIn(state)
  if (strange !== undefined) throw new Breach('state-json', strange, `behind the journal: ${JSON.stringify(journaled)}`)
}

/** Takes a command as the journal would give it back. */
function asData(command: Command): Command {
  const strange = strangeIn(command)
  const data = JSON.parse(JSON.stringify(command)) as Command
  if (strange === undefined) return data
  throw new Breach('commands-data', `in a command, ${strange}`, `behind the journal: ${JSON.stringify(data)}`)
}
