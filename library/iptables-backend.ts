import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command, Exec } from '../core/command.ts'
import type { Facts } from '../core/step.ts'
import { expectSuccess, missingProgram, unusable } from '../core/tools.ts'
import { placeOf } from './find-program.ts'

/**
 * Says which kernel interface the system's `iptables` speaks: the name of the program that it leads to tells it; where that
 * is another name, the program is asked.
 *
 * @throws TOOL_FAILED
 * @see xtables-nft(8), xtables-legacy(8)
 */
export async function iptablesBackend(exec: Exec): Promise<Facts['iptables']> {
  const place = placeOf('iptables')
  if (place === undefined) return 'none'
  return backends[basename(realpathSync(place))] ?? (await asked(exec))
}

const backends: { readonly [program: string]: Facts['iptables'] } = {
  'xtables-nft-multi': 'nft',
  'xtables-legacy-multi': 'legacy',
}

async function asked(exec: Exec): Promise<Facts['iptables']> {
  const command: Command = { argv: ['iptables', '--version'] }
  const output = await exec(command)
  if (missingProgram(output) !== undefined) return 'none'
  expectSuccess(command, output)
  if (!/^ip6?tables v\d/.test(output.stdout)) throw unusable(command, output, 'did not print its version')
  return output.stdout.includes('nf_tables') ? 'nft' : 'legacy'
}
