import { differences, tell } from '../core/difference.ts'
import { equal, type Json } from '../core/json.ts'
import type { Step } from '../core/step.ts'
import { Breach } from './breach.ts'
import { validated } from './given.ts'
import { strangeIn } from './strange.ts'

/** Validates the input of an example, which has to be the same behind the journal. @throws Breach */
export function inputOf<Input, State extends Json>(step: Step<Input, State>, raw: unknown): Input {
  const input = valid(step, raw)
  const strange = strangeIn(input)
  if (strange !== undefined) throw new Breach('input-json', strange)
  const journaled = JSON.parse(JSON.stringify(input)) as Json
  const again = JSON.parse(JSON.stringify(valid(step, raw))) as Json
  if (!equal(journaled, again))
    throw new Breach('pure', 'two results of "input":', ...differences(journaled, again).map(tell))
  return journaled as Input
}

function valid<Input, State extends Json>(step: Step<Input, State>, raw: unknown): Input {
  try {
    return validated(step, raw)
  } catch (error) {
    throw new Breach('example-valid', (error as Error).message)
  }
}
