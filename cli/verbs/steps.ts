import { NsnetError } from '../../core/errors.ts'
import { didYouMean } from '../../core/near.ts'
import { markdownOf } from '../steps/step-markdown.ts'
import { sheetOf, type StepSheet } from '../steps/step-sheet.ts'
import { listText, sheetText } from '../steps/step-text.ts'
import { stepsWith } from '../../library/plugins.ts'
import { asJson, type Terminal } from '../terminal.ts'

export interface StepsOptions {
  /** A workflow file whose plugins are explained too. */
  readonly workflow?: string
  readonly format: 'text' | 'markdown'
}

/** `nsnet steps [TYPE]`: lists the step types, or explains one. */
export async function steps(terminal: Terminal, type: string | undefined, options: StepsOptions): Promise<number> {
  const all = (await stepsWith(options.workflow)).map(sheetOf)
  const chosen = type === undefined ? undefined : sheetNamed(all, type)
  if (terminal.options.json) terminal.out(asJson(chosen ?? all))
  else if (options.format === 'markdown') terminal.out(markdownOf(chosen ? [chosen] : all))
  else for (const line of textOf(terminal, all, chosen)) terminal.out(line)
  return 0
}

function sheetNamed(all: readonly StepSheet[], type: string): StepSheet {
  const sheet = all.find((each) => each.type === type)
  if (sheet) return sheet
  const near = didYouMean(
    type,
    all.map((each) => each.type),
  )
  const hint = `${near === undefined ? '' : `${near} `}nsnet steps lists all; those of plugins with --workflow FILE`
  throw new NsnetError('USAGE', `expected a step type, got "${type}"`, hint)
}

function textOf(
  { paint, columns }: Terminal,
  all: readonly StepSheet[],
  chosen: StepSheet | undefined,
): readonly string[] {
  const width = Math.min(columns(), 80)
  if (chosen) return sheetText(chosen, paint, width)
  return [
    ...listText(all, paint, width),
    '',
    'explain one: nsnet steps TYPE',
    'explain all: nsnet steps --format markdown',
  ]
}
