import { netnsOf, show, succeeded, type Command, type Exec, type Output } from './command.ts'
import { listNetns, parseNetns } from './fingerprint.ts'
import type { Json } from './json.ts'
import { probesOf, type Context, type Step } from './step.ts'
import type { Failure } from './events.ts'

/** Inode of each named netns. */
export type NetnsInodes = { readonly [name: string]: number }

/** A probe that failed: nsnet could not look, which is not the same as seeing nothing. */
export class CouldNotLook extends Error {
  readonly failure: Failure

  constructor(command: Command, output: Output) {
    super(`could not look: ${show(command)}`)
    const why = output.timedOut ? 'took too long' : `ended with exit code ${output.exitCode}`
    this.failure = { message: `could not look at what is there: the command ${why}`, command, output }
  }
}

/** One look at the kernel: equal probes are run once. */
export interface Look {
  /** The named netns that are there. */
  readonly netns: () => Promise<NetnsInodes>
  /** A step's state. A probe in one of the netns that are `absent` is not run; it sees nothing. @throws CouldNotLook */
  readonly observe: <I>(step: Step<I>, input: I, context: Context, absent: ReadonlySet<string>) => Promise<Json>
}

/** Opens a look; what it has seen does not change any more. */
export function lookWith(exec: Exec): Look {
  const seen = new Map<string, Promise<Output>>()
  const ask = (command: Command): Promise<Output> => {
    const key = JSON.stringify(command)
    const answer = seen.get(key) ?? askNow(exec, command)
    seen.set(key, answer)
    return answer
  }
  return {
    netns: async () => parseNetns((await ask(listNetns)).stdout),
    observe: async (step, input, context, absent) => {
      const probes = probesOf(step, input, context)
      const unseen = (probe: Command): boolean => absent.has(netnsOf(probe) ?? '')
      const outputs = await Promise.all(probes.map((probe) => (unseen(probe) ? nothingSeen : ask(probe))))
      const state = step.observe(outputs[0] ?? nothingSeen, input, { ...context, outputs })
      return JSON.parse(JSON.stringify(state)) as Json
    },
  }
}

async function askNow(exec: Exec, command: Command): Promise<Output> {
  const output = await exec(command)
  if (!succeeded(command, output)) throw new CouldNotLook(command, output)
  return output
}

const nothingSeen: Output = { stdout: '', stderr: '', exitCode: 0, timedOut: false, durationMs: 0 }
