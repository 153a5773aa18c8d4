import { join, resolve } from 'node:path'
import { printable } from '../../core/quote.ts'
import { placeOf } from '../boot/place.ts'
import { systemctl, systemdRuns } from '../boot/systemctl.ts'
import { fileOf, nameOfUnit, removeUnit } from '../boot/unit-files.ts'
import { liveRunsOf } from '../boot/runs.ts'
import { storeFor } from '../session.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** `nsnet disable NAME|FILE`: removes the systemd unit of a workflow; what its run set up stays. */
export async function disable(
  terminal: Terminal,
  given: string,
  { unitDir }: { readonly unitDir?: string },
): Promise<number> {
  const { dir, own } = placeOf(unitDir)
  const name = await nameOfUnit(dir, given, resolve(given))
  const runs = await liveRunsOf(await storeFor(terminal.options), name)
  const told = own && systemdRuns()
  if (told) await systemctl('disable', fileOf(name))
  await removeUnit(dir, name)
  if (told) await systemctl('daemon-reload')
  const path = join(dir, fileOf(name))
  if (terminal.options.json) {
    terminal.out(asJson({ unit: fileOf(name), path, runs: runs.map(({ id }) => id) }))
    return 0
  }
  terminal.out(`removed ${printable(path)}`)
  if (!told) terminal.out('  where systemd has read it: systemctl daemon-reload')
  for (const { id } of runs) terminal.out(`  what it set up stays; take it back: nsnet undo ${id}`)
  return 0
}
