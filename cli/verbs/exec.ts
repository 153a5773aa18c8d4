import { inNetns } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { netnsFor } from '../exec/netns.ts'
import { cannotRun } from '../cannot-run.ts'
import { asIs, inForeground } from '../foreground.ts'
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
  return cannotRun(program) ?? (await inForeground(inNetns(netns, [program, ...args]), asIs))
}
