import { here } from '../../library/place.ts'
import { counted } from '../../core/counted.ts'
import { howToSet } from '../../core/given.ts'
import { printable } from '../../core/quote.ts'
import { asJson, type Terminal } from '../terminal.ts'
import type { InputOptions } from '../given.ts'
import { readWorkflow } from '../workflow-file.ts'

/** `nsnet validate FILE`: finds all mistakes of a workflow and changes nothing. Inputs, secret ones too, need no value for that. */
export async function validate(terminal: Terminal, path: string, options: InputOptions): Promise<number> {
  const { started, open } = await readWorkflow(path, { ...options, mayLack: true }, here)
  const { workflow, inputs, steps } = started
  const missing = open.map(({ name }) => name)
  if (terminal.options.json) terminal.out(asJson({ valid: true, name: workflow.name, inputs, missing, steps }))
  else {
    const given = `inputs ${printable(JSON.stringify(inputs))}`
    terminal.out(`${printable(path)} is valid: ${counted(steps.length, 'step')}, ${given}`)
    for (const { name, secret } of open)
      terminal.out(`  a run needs a value for the input "${name}" (${howToSet({}, name, secret)})`)
  }
  return 0
}
