import type { Output } from '../command.ts'
import type { Failure } from '../events.ts'
import type { Json } from '../json.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../run.ts'
import type { Failed } from '../step.ts'
import type { Subject } from './subject.ts'

/**
 * Adds to a step's failure what its own diagnosis finds out, once. A diagnosis that breaks changes nothing about the
 * failure: it is told without.
 */
export async function diagnosed(
  { exec, secrets }: Ports,
  run: Run,
  { step, input, context }: Subject,
  failure: Failure,
  state?: Json,
): Promise<Failure> {
  const failed: Failed = { ...context, state, output: failure.output, around: secrets.reveal(keysOf(run)) }
  try {
    const commands = step.diagnosis?.probe(input, failed) ?? []
    if (commands.length === 0) return failure
    const outputs: readonly Output[] = await Promise.all(commands.map(exec))
    const found = step.diagnosis!.read(outputs, input, failed)
    return found === undefined
      ? failure
      : { ...failure, hint: [found, ...(failure.hint === undefined ? [] : [failure.hint])].join('\n') }
  } catch {
    return failure
  }
}

const keysOf = ({ steps }: Run): Failed['around'] =>
  [...steps.values()].flatMap(({ resources = {} }) => [
    ...(resources.creates ?? []),
    ...(resources.uses ?? []),
    ...(resources.shares ?? []),
  ])
