import { inNetns } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { printable } from '../../core/quote.ts'
import { netnsFor } from '../exec/netns.ts'
import { inForeground } from '../foreground.ts'
import { findProgram } from '../../library/find-program.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { storeFor } from '../session.ts'
import type { Terminal } from '../terminal.ts'

/**
 * `nsnet exec RUN|NETNS|RUN/NETNS -- COMMAND…`: runs a command (a shell by default) in a netns, with the files of its
 * `/etc/netns` directory in place of those of `/etc`. The exit code is that of the command.
 *
 * @see ip-netns(8)
 */
export async function execute(terminal: Terminal, place: string, rest: readonly string[]): Promise<number> {
  const netns = await netnsFor(place, processExec(), () => storeFor(terminal.options))
  expectPrivilege('run it with sudo; what a sandbox holds, enter from inside of it')
  const given = rest[0] === '--' ? rest.slice(1) : rest
  const [program = process.env['SHELL'] || 'sh', ...args] = given
  const found = findProgram(program)
  if (found !== 'there') {
    process.stderr.write(`nsnet: cannot run ${printable(program)}: ${troubles[found].why}\n`)
    return troubles[found].code
  }
  return await inForeground(inNetns(netns, [program, ...args]))
}

/**
 * Why a program cannot be run, and the exit codes that shells give then. ip-netns(8) ends with 255 in both cases, which may be
 * the exit code of the command too.
 */
const troubles = {
  forbidden: { code: 126, why: 'it may not be run' },
  missing: { code: 127, why: 'there is no such program' },
} as const
