import { scriptFor, type Shell } from '../completion/scripts.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** `nsnet completion SHELL`: writes the script by which a shell completes nsnet. */
export async function completion(terminal: Terminal, shell: string): Promise<number> {
  const script = scriptFor(shell as Shell, process.execPath, process.argv[1]!)
  terminal.out(terminal.options.json ? asJson({ shell, script }) : script.trimEnd())
  return 0
}
