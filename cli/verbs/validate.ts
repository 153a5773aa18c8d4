import { here } from '../../library/place.ts'
import { counted } from '../../core/counted.ts'
import { printable } from '../../core/quote.ts'
import { asJson, type Terminal } from '../terminal.ts'
import type { InputOptions } from '../given.ts'
import { readWorkflow } from '../workflow-file.ts'

/** `nsnet validate FILE`: finds all mistakes of a workflow and changes nothing. */
export async function validate(terminal: Terminal, path: string, options: InputOptions): Promise<number> {
  const { started } = await readWorkflow(path, options, here)
  const { workflow, inputs, steps } = started
  if (terminal.options.json) terminal.out(asJson({ valid: true, name: workflow.name, inputs, steps }))
  else
    terminal.out(
      `${printable(path)} is valid: ${counted(steps.length, 'step')}, inputs ${printable(JSON.stringify(inputs))}`,
    )
  return 0
}
