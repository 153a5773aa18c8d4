import type { Terminal } from '../terminal.ts'
import { padTo, widthOf, wrap } from '../text.ts'
import { compactJson } from './compact-json.ts'
import type { Field, StepSheet } from './step-sheet.ts'

/** Lists step types with what each does, in lines of at most `width` columns. */
export function listText(sheets: readonly StepSheet[], paint: Terminal['paint'], width: number): readonly string[] {
  const rows = sheets.map(({ type, summary }) => [type, wrap(summary, width - 4 - column(sheets, 'type'))] as const)
  return rows.flatMap(([type, lines]) => beside(paint('bold', type), column(sheets, 'type'), lines))
}

/** Explains a step type to people at a terminal, in lines of at most `width` columns as far as its examples allow. */
export function sheetText(sheet: StepSheet, paint: Terminal['paint'], width: number): readonly string[] {
  const { type, summary, details, fields, outputs, examples, manual } = sheet
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines]
  const about = [summary, ...details].filter((text) => text !== '')
  const shown = examples.map((example) =>
    compactJson(example, width - 2)
      .split('\n')
      .map(indented),
  )
  return [
    paint('bold', type),
    ...about.flatMap((text, at) => [...(at > 0 ? [''] : []), ...wrap(text, width - 2).map(indented)]),
    ...section('Fields of "with":', fields === null ? [unknownFields] : fieldLines(fields, paint, width)),
    ...section('Outputs, for later steps as ${{ steps.ID.outputs.NAME }}:', outputLines(outputs, width)),
    ...section(
      `${examples.length === 1 ? 'Example' : 'Examples'}, among the "steps" of a workflow:`,
      shown.flatMap((lines, at) => (at > 0 ? ['', ...lines] : lines)),
    ),
    ...section('More to read:', manual.map(readable).map(indented)),
  ]
}

const unknownFields = '  not known: its validator gives no JSON Schema'

const indented = (line: string): string => (line === '' ? '' : `  ${line}`)

function fieldLines(fields: readonly Field[], paint: Terminal['paint'], width: number): readonly string[] {
  const names = column(fields, 'name')
  return fields.flatMap((field) => beside(paint('cyan', field.name), names, meaningOf(field, width - 4 - names)))
}

function meaningOf(field: Field, width: number): readonly string[] {
  const { kind, required, description, words, examples } = field
  const takes = words.length > 0 ? 'word' : kind
  const preset = 'default' in field ? `, default ${JSON.stringify(field.default)}` : ''
  const example = examples.map((it) => JSON.stringify(it)).join(' or ')
  const texts = [
    `${takes}, ${required ? 'required' : 'optional'}${preset}`,
    description,
    words.length > 0 || example === '' ? '' : `for example ${example}`,
  ]
  const explained = words.flatMap(({ word, meaning }) =>
    wrap(`${JSON.stringify(word)}: ${meaning}`, width - 4).map((line, at) => `${at === 0 ? '  ' : '    '}${line}`),
  )
  return [...texts.filter((text) => text !== '').flatMap((text) => wrap(text, width)), ...explained]
}

function outputLines(outputs: StepSheet['outputs'], width: number): readonly string[] {
  const names = column(outputs, 'name')
  return outputs.flatMap(({ name, description }) => beside(name, names, wrap(description, width - 4 - names)))
}

/** Says how a man page is opened: `ip-link(8)` is `man 8 ip-link`. */
const readable = (page: string): string => page.replace(/^([\w.-]+)\((\w+)\)$/, 'man $2 $1')

function column<Key extends string>(rows: readonly { readonly [key in Key]: string }[], key: Key): number {
  return Math.min(20, Math.max(0, ...rows.map((row) => widthOf(row[key]))))
}

/** Puts lines beside a name. */
const beside = (name: string, width: number, lines: readonly string[]): readonly string[] =>
  lines.map((line, at) => `  ${at === 0 ? padTo(name, width) : ' '.repeat(width)}  ${line}`.trimEnd())
