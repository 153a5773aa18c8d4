import type { Command, Output } from './command.ts'
import { equal, type Json } from './json.ts'
import type { ResourceKey, Resources } from './resource.ts'
import type { Schema } from './schema.ts'
import type { Sketch } from './sketch.ts'
import type { StepDocs } from './step-docs.ts'

/**
 * A step type: a description of one kind of change to the kernel. It never does I/O; the engine does all of it.
 *
 * Every function is pure. `Input` is what the workflow says in `with`, after validation; `State` is plain JSON.
 */
export interface Step<Input = unknown, State extends Json = Json> {
  /** What workflows write in `uses`. */
  readonly type: string
  /** The version of the step API that it is written for. Without it, it is taken as it is. @see API_VERSION */
  readonly apiVersion?: number
  /** One sentence for people: what the step does. */
  readonly summary?: string
  /** What else people should know; `nsnet steps`, editors and docs/steps.md tell it. */
  readonly docs?: StepDocs
  /** Any Standard Schema; zod inside the project. */
  readonly input: Schema<Input>
  /** What it creates, uses and shares; a named netns that it works in is among what it uses. */
  resources(input: Input): Resources
  /**
   * Commands that look and change nothing. They *list*, so that an absent thing is an empty answer with exit code 0;
   * another exit code means "could not look" and fails the step. In a netns that does not exist they are not run and
   * answer with nothing.
   */
  probe(input: Input, context: Context): Command | readonly Command[]
  /** Reads the answer: everything that applying the step changes, the kernel's own side effects included. */
  observe(output: Output, input: Input, look: Look): State
  /**
   * Says what `observe` would give once an earlier step of the run is applied, where it gives `state` without it: so a
   * later step is planned before an earlier one has run. Undefined where that cannot be told. Without it, nothing can be
   * told that an earlier step makes or changes of what this one names in its `resources`.
   */
  foretell?(input: Input, state: State, earlier: Earlier): State | undefined
  /**
   * Names what earlier steps may change of what the step sees, beside its `resources`: keys, or all of a kind in a netns
   * (`everyKey`). `foretell` is asked about the earlier steps that make or share one of them, and about those that name one of
   * the step's resources (a netns that both only use does not count). Without it, `foretell` is asked about all that make or
   * share something in a netns of the resources, and about all of the same type: that costs the square of their number. What
   * it names may depend on what it sees without them.
   */
  watches?(input: Input, seen: State): readonly ResourceKey[]
  /** Sums up the earlier steps that share a thing with many others, in place of `foretell`. */
  readonly tally?: Tally<NoInfer<Input>, NoInfer<State>>
  /**
   * Says what `observe` would give once this step itself is applied, where it gave `before`; what only the kernel knows (an
   * ifindex, an inode, a handle) stays blank. So it is known what later steps do to it before anything has run. Without it,
   * what a later step makes or changes of what this one names is not applied together with it.
   */
  outcome?(input: Input, before: State, context: Context): State
  /** It only looks at what other steps made (a check): there is nothing to plan before its turn. */
  readonly onlyLooks?: boolean
  /**
   * What it names in its `resources` does not tell all that it sees and changes: it is planned, applied and taken back by itself,
   * when all before it is done.
   */
  readonly alone?: boolean
  /**
   * Each of its probes ends with exit code 0 when it holds, and only then. A shell script (`nsnet export`) goes by that:
   * without it, a step that only looks cannot be exported.
   */
  readonly exitCodeTells?: boolean
  /**
   * What it makes is still there when the machine has been started anew (a file): undo and resume look for it then too.
   * Without it, a reboot has taken it away.
   */
  readonly outlivesBoot?: boolean
  /** Lists what applying would change, for people: `plan` shows `old → new`, `verify` shows `expected → found`. */
  changes?(input: Input, observed: State): readonly Change[]
  /** Compares what is with what is asked for. Nothing to apply means that it holds: the step is done or satisfied. */
  plan(input: Input, observed: State, context: Context): Plan
  /**
   * Takes `now` back to `before`. Nothing to do means that it is undone. Needed where the way back depends on what is
   * there now (a rule's handle, things that others added since); without it a step is undone when `now` equals
   * `before`, and the way back is the one that `plan` gave for `before`.
   */
  undo?(input: Input, before: State, now: State, context: Context): readonly Command[]
  /**
   * Gives the comment by which a shell script (`nsnet export`) finds what the step made, where the way back of `plan` goes by
   * a handle. HANDLE stands for it there, as a word of its own or in `stdin`. The script looks for the comment, in double
   * quotes, in what the step's first probe lists; the handle is the number behind the last `# handle` up to that line's end.
   */
  commentOfHandle?(input: Input, context: Context): string
  /**
   * Names what is left of the step when nothing can be undone for now, since others use it (a table that others have rules
   * in). Without it nothing ever is.
   */
  rest?(input: Input, before: State, now: State): readonly ResourceKey[]
  /**
   * Names those of its keys that cannot be left as they are while the rest is taken back: where another run needs one of them,
   * all of the step stays. Without it all of it stays only where all of its keys are needed.
   */
  indivisible?(input: Input): readonly ResourceKey[]
  /** Tells this very thing from another of the same name (inode, ifindex, handle); null when it is not there. */
  identity?(state: State): Json
  /**
   * Says whether what is there can be what this step made, when nobody saw it made: nsnet was killed inside the step, or
   * the kernel refused its commands. Without it, it can.
   */
  mine?(input: Input, before: State, now: State, attempt: Attempt): boolean
  /**
   * Says what others did to what the step made, `after` being what it left (undefined when nsnet was killed inside it):
   * "its mtu is 1300". Undefined when nothing. What does not fit `input` any more needs no mention.
   */
  drift?(input: Input, after: State | undefined, now: State, context: Context): string | undefined
  /** Values that later steps read as `steps.<id>.outputs.<name>`; `summary` is for people. */
  readonly outputs?: { readonly [name: string]: (state: State, input: Input) => Json }
  /** Further outputs, whose names depend on what the step is given. */
  moreOutputs?(state: State, input: Input): { readonly [name: string]: Json }
  /**
   * Says what the step adds to the picture of the network (`nsnet graph`): boxes, links, addresses, arrows; a note for what
   * has no shape. Without it the step is a note with its name.
   */
  sketch?(input: Input): readonly Sketch[]
  /**
   * Says that a conflict seen before the run begins would still be there at the step's turn, unless an earlier step makes
   * something that this one uses: then the run is refused before anything is done. Without it a step is looked at when
   * its turn comes.
   */
  foreseeable?(input: Input): boolean
  /**
   * Finds out why the step failed, when it has: by commands that change nothing, and whose exit codes do not matter. What
   * `read` says is added to the failure's hint.
   */
  readonly diagnosis?: Diagnosis<NoInfer<Input>, NoInfer<State>>
  /** How long a conflict may go away by itself, and how often to look: for steps that wait or retry. */
  patience?(input: Input): { readonly forMs: number; readonly everyMs: number }
}

/** Where a step is planned: which run and step it is, and the facts read when the run started. */
export interface Context {
  readonly run: string
  readonly step: string
  readonly facts: Facts
  /** What the step saw when it was planned first, where it is looked at again since: what is there now may be half ours. */
  readonly before?: Json | undefined
  /** The step is looked at to be taken back: only then it needs to see what taking it back depends on. */
  readonly undoing?: boolean
}

/** A step of the same run that comes before another one. */
export interface Earlier extends Context {
  readonly uses: string
  readonly input: unknown
  readonly resources: Resources
}

/**
 * What many steps do to a thing that they share, the rules of one table: each of them is added once, where `foretell` would
 * be asked about each of them for each of them. It has to tell what `foretell` would; what other steps do in between
 * must not matter.
 */
export interface Tally<Input = unknown, State extends Json = Json, Sum = unknown> {
  /** Names the thing: a key of the step's resources. */
  over(input: Input): ResourceKey
  /** What is known of no steps. */
  begin(): Sum
  /**
   * Adds a step, also one of another type, that makes or shares the thing: changes `sum`. `at` is its place in the run's order,
   * which need not be the order of adding.
   */
  add(sum: Sum, earlier: Earlier, at: number): void
  /** Says what `observe` would give once all that were added are applied; undefined where that cannot be told. */
  foretell(input: Input, state: State, sum: Sum): State | undefined
}

/** A value that applying a step changes; `from` is null where there is none yet. */
export interface Change {
  /** What has the value, in words of ip(8) and its like: `mtu`, `net.ipv4.ip_forward`. */
  readonly what: string
  readonly from: string | null
  readonly to: string
}

/** How a step finds out why it failed. */
export interface Diagnosis<Input = unknown, State extends Json = Json> {
  /** Commands that look and change nothing; none, when there is nothing to find out about this failure. */
  probe(input: Input, failed: Failed<State>): readonly Command[]
  /** Says what the answers (one for each command) tell; undefined when they tell nothing. */
  read(outputs: readonly Output[], input: Input, failed: Failed<State>): string | undefined
}

/** A step that failed, and the run around it. */
export interface Failed<State extends Json = Json> extends Context {
  /** What the step saw last; undefined when one of its commands failed. */
  readonly state: State | undefined
  /** What the failed command gave; undefined when none did, and the step is in conflict with what is there. */
  readonly output: Output | undefined
  /** What the steps of the run make, use and share, as far as it came. */
  readonly around: readonly ResourceKey[]
}

/** What a step looks with: the context, and the answers of all its probes in their order. */
export interface Look extends Context {
  readonly outputs: readonly Output[]
}

/** How a step came to be applied, as far as it is known. */
export interface Attempt extends Context {
  /** When the intent was journaled, ISO 8601 in UTC; each of its commands is ended after 30 s. */
  readonly at: string | undefined
  /** The kernel refused a command of the step. */
  readonly refused: boolean
}

/** The host as it was when the run started; workflows read it as `host.*`. */
export interface Facts {
  /** Link of the default route (the IPv4 one with the lowest metric, else the IPv6 one); empty when there is none. */
  readonly uplink: string
  readonly hostname: string
  /** Kernel release, as `uname -r` says. */
  readonly kernel: string
  /** `/proc/sys/kernel/random/boot_id`: kernel network state dies with it. */
  readonly boot: string
  /** Inode of the netns that nsnet runs in. */
  readonly netns: number
  /** Which kernel interface the system's `iptables` speaks; commands name it, so that undo uses the same. */
  readonly iptables: 'nft' | 'legacy' | 'none'
}

/** What to run and how to take it back, or the conflict that stands in the way. Empty lists: it holds already. */
export type Plan =
  | { readonly apply: readonly Command[]; readonly undo: readonly Command[]; readonly conflict?: undefined }
  | {
      readonly conflict: string
      readonly hint?: string
      /** It goes away by itself in a moment: the engine looks again, for some seconds. */
      readonly passing?: boolean
    }

/** The plan of a step that holds already. */
export const nothingToDo: Plan = { apply: [], undo: [] }

/** Says whether that is the plan of a step that holds already. */
export const isDone = (plan: Plan): boolean => plan.conflict === undefined && plan.apply.length === 0

/** The plan of a step that something stands in the way of: says what is there, and (in `hint`) what to do about it. */
export const conflict = (message: string, hint?: string): Plan =>
  hint === undefined ? { conflict: message } : { conflict: message, hint }

/** Types a step by its own fields; the same object comes back. */
export function defineStep<Input, State extends Json>(step: Step<Input, State>): Step<Input, State> {
  return step
}

/** Lists a step's probes. */
export function probesOf<I, S extends Json>(step: Step<I, S>, input: I, context: Context): readonly Command[] {
  const probe = step.probe(input, context)
  return 'argv' in probe ? [probe] : probe
}

/** Says how to take `now` back to `before`; an empty list means that it is undone. */
export function undoOf<I, S extends Json>(
  step: Step<I, S>,
  input: I,
  before: S,
  now: S,
  context: Context,
): readonly Command[] {
  if (step.undo) return step.undo(input, before, now, context)
  if (equal(before, now)) return []
  const plan = step.plan(input, before, context)
  return plan.conflict === undefined ? plan.undo : []
}

/** Marks what a step makes in the kernel (rule and table comments): `nsnet:RUN/STEP`. */
export const tagOf = ({ run, step }: Context): string => `nsnet:${run}/${step}`
