import { counted } from '../../core/counted.ts'
import type { Paint, Terminal } from '../terminal.ts'
import { behind, oneLine, widthOf, wrap } from '../text.ts'
import { topics, type Finding, type Level } from './finding.ts'

/**
 * Writes what the doctor found, topic by topic. What is as it should be stands together where it is the same; `-v` gives it a
 * line each, with the command that told it, `-q` only what is not as it should be.
 */
export function doctorLines(terminal: Terminal, findings: readonly Finding[]): readonly string[] {
  const { quiet = false, verbose = false } = terminal.options
  const shown = quiet ? findings.filter(({ level }) => level !== 'ok') : findings
  const lines = Object.entries(topics).flatMap(([topic, title]) => {
    const own = shown.filter((finding) => finding.topic === topic)
    const rows = verbose ? own : together(own)
    return rows.length === 0 ? [] : [terminal.paint('bold', title), ...rows.flatMap((it) => linesOf(terminal, it))]
  })
  return [...lines, ...wrap(summaryOf(findings), columnsOf(terminal))]
}

/** Puts findings of one topic that are as they should be, and found the same, into one. */
function together(findings: readonly Finding[]): readonly Finding[] {
  return findings.flatMap((finding, at) => {
    if (findings.findIndex((other) => other === finding || alike(other, finding)) !== at) return []
    const names = findings.filter((other) => other === finding || alike(other, finding)).map(({ what }) => what)
    return [{ ...finding, what: names.join(', ') }]
  })
}

const alike = (a: Finding, b: Finding): boolean => a.level === 'ok' && b.level === 'ok' && a.found === b.found

const marks: { readonly [level in Level]: readonly [string, Paint] } = {
  ok: ['✓ ok', 'green'],
  warn: ['! warn', 'yellow'],
  fail: ['✗ fail', 'red'],
}

/** What stands before texts below the mark's own. */
const INDENT = ' '.repeat(10)

function linesOf(terminal: Terminal, { level, what, found, fix, by }: Finding): readonly string[] {
  const { paint, options } = terminal
  const [mark, color] = marks[level]
  const lines = (start: string, text: string): readonly string[] => {
    const shown = oneLine(text.replace(/\s*\n\s*/g, ' \n'))
    return (start + behind(shown, widthOf(start), columnsOf(terminal))).split('\n')
  }
  return [
    ...lines(`  ${paint(color, mark.padEnd(6))}  `, `${what}: ${found}`),
    ...(fix === undefined ? [] : fix.split('\n').flatMap((line) => lines(`${INDENT}→ `, line.trim()))),
    ...(options.verbose && by !== undefined ? lines(`${INDENT}$ `, by).map((line) => paint('dim', line)) : []),
  ]
}

/** Lines longer than 80 columns are hard to read. */
const columnsOf = ({ columns }: Terminal): number => Math.min(columns(), 80)

/** The last line: how it stands, and what to type next. */
function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  const [oks, warnings, failures] = [count('ok'), count('warn'), count('fail')]
  const sum = `${oks} ok${told(warnings, 'warning')}${told(failures, 'failure')}`
  if (failures > 0) return `${sum}: mend what fails, then type: nsnet doctor`
  const sandbox = findings.some(({ what, level }) => what === 'sandbox' && level === 'ok') ? ' --sandbox' : ''
  return `${sum}: go on with: nsnet run workflows/internet.json${sandbox}`
}

const told = (count: number, word: string): string => (count === 0 ? '' : `, ${counted(count, word)}`)
