import type { NewStepOptions } from '../new/new-step.ts'
import type { NewWorkflowOptions } from '../new/new-workflow.ts'
import type { Terminal } from '../terminal.ts'

/** `nsnet new step NAME`, `nsnet new workflow [FILE]`: writes files to begin with. */
export async function newFiles(
  terminal: Terminal,
  what: string,
  name: string | undefined,
  options: NewStepOptions & NewWorkflowOptions,
): Promise<number> {
  if (what === 'step') return (await import('../new/new-step.ts')).newStep(terminal, name, options)
  return await (await import('../new/new-workflow.ts')).newWorkflow(terminal, name, options)
}
