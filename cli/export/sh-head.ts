import { printable, quote } from '../../core/quote.ts'
import type { Script } from './script.ts'

/** The lines at the head of a script: what it does, where it comes from, how to run it and how to take it back. */
export function headLines(script: Script, at: Date): readonly string[] {
  const { started, undo } = script
  const { workflow, inputs, facts, run, nsnet } = started
  const rows = [
    row('workflow', workflow.path),
    row('sha256', workflow.hash),
    ...Object.entries(inputs).map(([name, value]) => row('input', `${name} = ${JSON.stringify(value)}`)),
    row('run', run),
    row('host', `uplink ${facts.uplink || 'none'}, iptables ${facts.iptables}, kernel ${facts.kernel}`),
    row('written', `${at.toISOString()} by nsnet ${nsnet}`),
  ]
  const lines = [titleOf(script), '', ...rows, '', ...(undo ? adviceBack(script) : advice(script))]
  return lines.map((line) => printable(line))
}

const row = (name: string, value: string): string => `  ${name.padEnd(9)} ${value}`

function titleOf({ of, undo, started: { workflow, run } }: Script): string {
  const title = `"${workflow.name}"`
  if (of === 'run')
    return undo ? `Takes back what run ${run} of ${title} has made.` : `Does what run ${run} of ${title} has done.`
  return undo
    ? `Takes back what the script of ${title} with the run below has made.`
    : `Does what nsnet would do for ${title}.`
}

function advice(script: Script): readonly string[] {
  const when = script.of === 'file' ? ' before it runs' : ''
  return [
    'It fits this host as it was then, and works without nsnet.',
    `Save it, and its way back${when}; then run it as root:`,
    `  ${exportOf(script, false)} > up.sh`,
    `  ${exportOf(script, true)} > down.sh`,
    '  sudo sh up.sh',
  ]
}

function adviceBack({ of, started: { run } }: Script): readonly string[] {
  return [
    'Run it as root: sudo sh FILE. It goes by names and comments, and does not look',
    'whether others have changed what it takes away, or need it, as nsnet undo does.',
    ...(of === 'run' ? [`Afterwards "nsnet undo ${run}" finds that all is gone, and notes it.`] : []),
  ]
}

const exportOf = ({ asked }: Script, undo: boolean): string =>
  ['nsnet', 'export', ...asked, ...(undo ? ['--undo'] : [])].map(quote).join(' ')
