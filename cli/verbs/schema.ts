import { workflowJsonSchema } from '../../core/workflow-schema.ts'
import { stepsWith } from '../../library/plugins.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** `nsnet schema [FILE]`: writes the JSON Schema of workflow files, with the step types of a workflow's plugins. */
export async function schema(terminal: Terminal, file: string | undefined): Promise<number> {
  terminal.out(asJson(workflowJsonSchema(await stepsWith(file))))
  return 0
}
