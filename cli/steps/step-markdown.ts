import { wrap } from '../text.ts'
import { compactJson } from './compact-json.ts'
import type { Field, StepSheet } from './step-sheet.ts'

/** Writes docs/steps.md: all step types, each with its fields, outputs and examples. */
export function markdownOf(sheets: readonly StepSheet[]): string {
  const rows = sheets.map(({ type, summary }) => [`[\`${type}\`](#${type})`, plain(summary)])
  return [head, table(['`uses`', 'does'], rows), ...sheets.map(sheetMarkdown)].join('\n\n')
}

const head = `# Step types

<!-- Written by "npm run docs" from what the step types say of themselves: change it there. -->

What a workflow can say in \`uses\`, and what each takes in \`with\`. The same on a terminal: \`nsnet steps TYPE\`.

Every value may be a text with \`\${{ … }}\`. Every step follows one rule: if what is asked for holds already, the step is
*satisfied*, nothing is run, and undo leaves it alone; if something else is in the way, the step fails and changes nothing.`

function sheetMarkdown({ type, summary, details, fields, outputs, examples, manual }: StepSheet): string {
  const blocks = examples.map((example) => `\`\`\`json\n${compactJson(example, 100)}\n\`\`\``)
  const parts = [
    `## ${type}`,
    ...[summary, ...details].filter((text) => text !== '').map((text) => wrap(plain(text), 120).join('\n')),
    fields === null ? 'Its fields are not known: its validator gives no JSON Schema.' : fieldTable(fields),
    ...(outputs.length === 0
      ? []
      : ['Outputs, for later steps as `${{ steps.ID.outputs.NAME }}`:', outputTable(outputs)]),
    ...(blocks.length === 0
      ? []
      : [`${blocks.length === 1 ? 'Example' : 'Examples'}, among the "steps" of a workflow:`, ...blocks]),
    ...(manual.length === 0 ? [] : [`More to read: ${manual.map(linked).join(', ')}.`]),
  ]
  return parts.join('\n\n')
}

const linked = (page: string): string => (/^https?:/.test(page) ? `<${page}>` : `\`${page}\``)

const fieldTable = (fields: readonly Field[]): string =>
  table(
    ['`with`', 'takes', 'needed', 'meaning', 'for example'],
    fields.map(({ name, kind, required, description, words, examples, ...field }) => [
      code(name),
      words.length > 0 ? words.map(({ word }) => code(JSON.stringify(word))).join(', ') : plain(kind),
      required ? 'yes' : 'default' in field ? `default ${code(JSON.stringify(field.default))}` : 'no',
      [plain(description), ...words.map(({ word, meaning }) => `${code(word)}: ${plain(meaning)}`)].join('<br>'),
      examples.map((example) => code(compactJson(example, Infinity))).join(', '),
    ]),
  )

const outputTable = (outputs: StepSheet['outputs']): string =>
  table(
    ['output', 'meaning'],
    outputs.map(({ name, description }) => [code(name), plain(description)]),
  )

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

/** Text in which nothing means markup. */
const plain = (text: string): string => text.replace(/[\\`*_<>[\]]/g, '\\$&')
