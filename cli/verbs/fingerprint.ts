import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { differences, tell } from '../../core/difference.ts'
import { NsnetError } from '../../core/errors.ts'
import { processExec } from '../../core/exec.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { Json } from '../../core/json.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import { printable } from '../../core/quote.ts'
import { asJson, type Terminal } from '../terminal.ts'
import { whyNot } from '../../core/why-not.ts'

export interface FingerprintOptions {
  /** Only this netns. */
  readonly netns?: string
  /** A file with an earlier fingerprint, `-` for stdin. */
  readonly compare?: string
}

/** `nsnet fingerprint`: the whole network state as JSON, or where it differs from an earlier one (exit code 2). */
export async function showFingerprint(terminal: Terminal, { netns, compare }: FingerprintOptions): Promise<number> {
  const whole = await fingerprint(processExec())
  const found: Json = netns === undefined ? whole : only(whole.netns, netns)
  if (compare === undefined) {
    terminal.out(asJson(found))
    return 0
  }
  const all = differences(await readFingerprint(compare), found)
  if (terminal.options.json) terminal.out(asJson(all))
  else if (all.length === 0) terminal.out(`equal to ${printable(compare)}`)
  else for (const difference of all) terminal.out(printable(tell(difference)))
  return all.length === 0 ? 0 : 2
}

function only(all: { readonly [name: string]: Json }, netns: string): Json {
  if (Object.hasOwn(all, netns)) return all[netns]!
  const names = Object.keys(all)
  const hint = didYouMean(netns, names) ?? 'nsnet fingerprint without --netns is of the host and every netns'
  throw new NsnetError('USAGE', `expected --netns with a named netns, got "${netns}"; there are ${listed(names)}`, hint)
}

async function readFingerprint(file: string): Promise<Json> {
  try {
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')) as Json
  } catch (error) {
    const hint = 'write one with: nsnet fingerprint > FILE'
    throw new NsnetError('USAGE', `cannot read a fingerprint from ${file}: ${whyNot(error)}`, hint)
  }
}
