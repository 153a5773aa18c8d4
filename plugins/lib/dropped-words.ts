import { equal } from '../../core/json.ts'
import type { IpAddress } from './ip-json.ts'

/** Words of a command line. */
export type Words = readonly string[]

/** Writes an address as `ip address add` takes it, without its link. */
export function addressWords(it: IpAddress): Words {
  const flags = (['nodad', 'home', 'noprefixroute', 'autojoin'] as const).filter((flag) => it[flag])
  const peer = it.address === undefined || it.address === it.local ? [] : ['peer', `${it.address}/${it.prefixlen}`]
  const address = peer.length === 0 ? `${it.local}/${it.prefixlen}` : it.local
  const metric = it.metric === undefined ? [] : ['metric', `${it.metric}`]
  return [address, ...peer, ...metric, ...flags, ...('deprecated' in it ? ['preferred_lft', '0'] : [])]
}

/** Lists what was there and is not there any more. */
export const gone = (had: readonly Words[], have: readonly Words[]): readonly Words[] =>
  had.filter((words) => !have.some((other) => equal(words, other)))

/** The same of routes, in an order in which they can be added: those without a gateway first, for the others need them. */
export const goneRoutes = (had: readonly Words[], have: readonly Words[]): readonly Words[] =>
  gone(had, have).toSorted((a, b) => +a.includes('via') - +b.includes('via'))
