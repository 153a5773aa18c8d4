import { NsnetError } from '../../core/errors.ts'
import { HELD, scriptOfFile, type FileOptions } from '../export/of-file.ts'
import { scriptOfRun } from '../export/of-run.ts'
import type { Script } from '../export/script.ts'
import { shScript } from '../export/sh.ts'
import { isFile } from '../file-or-run.ts'
import { asJson, type Terminal } from '../terminal.ts'

export interface ExportOptions extends FileOptions {
  readonly format: 'sh'
}

/**
 * `nsnet export FILE|RUN`: writes a shell script of what a workflow file would do, or of what a run has done, that does
 * without nsnet; with `--undo` that of the way back. Changes nothing.
 */
export async function exportScript(terminal: Terminal, name: string, options: ExportOptions): Promise<number> {
  const script = isFile(name) ? await scriptOfFile(name, options) : await scriptOfJournal(terminal, name, options)
  const text = shScript(script, new Date())
  const { undo, started } = script
  if (undo && script.of === 'file') tellOfHeld(terminal, script)
  if (terminal.options.json) terminal.out(asJson({ format: options.format, run: started.run, undo, script: text }))
  else terminal.out(text.trimEnd())
  return 0
}

/** Once the script has run, what it made cannot be told from what was there before. */
function tellOfHeld({ tell }: Terminal, { parts }: Script): void {
  const held = parts.filter(({ note }) => note === HELD).map(({ spec }) => spec.id)
  if (held.length === 0) return
  tell(`  this way back leaves alone what holds already: ${held.toReversed().join(', ')}`)
  tell('  if the script made that, undo it by the way back that was exported before it ran')
}

async function scriptOfJournal({ options }: Terminal, name: string, asked: ExportOptions): Promise<Script> {
  const { id, set = [], setFile, undo = false } = asked
  if (id === undefined && set.length === 0 && setFile === undefined) return await scriptOfRun(options, name, undo)
  const message = `expected --id, --set and --set-file only beside a file, got the run "${name}": its journal has all`
  throw new NsnetError('USAGE', message, 'a file is told by a slash or by .json, .yaml or .yml at its end')
}
