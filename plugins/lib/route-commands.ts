import { ip, type Command } from '../../core/command.ts'
import { familyOf } from '../../core/net.ts'
import type { RouteInput } from './route-input.ts'
import type { RouteWords } from './route-text.ts'

/** A route as it will be listed, as far as it can be told. */
export const asWords = (wanted: RouteInput): RouteWords => [wanted.type, wanted.to, ...detailsOf(wanted)]

/** The words of a route behind its destination. */
export const detailsOf = (wanted: RouteInput): RouteWords => words(wanted).slice(wanted.type === 'unicast' ? 1 : 2)

/** Writes what is asked for as `ip route add` takes it. */
export function words({ type, to, family, via, dev, table, metric, src, onlink }: RouteInput): RouteWords {
  const gateway = via === undefined ? [] : family === 'ipv4' && familyOf(via) === 6 ? ['inet6', via] : [via]
  return [
    ...(type === 'unicast' ? [] : [type]),
    to,
    ...(gateway.length === 0 ? [] : ['via', ...gateway]),
    ...(dev === undefined ? [] : ['dev', dev]),
    ...(table === 254 ? [] : ['table', `${table}`]),
    ...(src === undefined ? [] : ['src', src]),
    ...(metric === (family === 'ipv6' ? 1024 : 0) ? [] : ['metric', `${metric}`]),
    ...(onlink === true ? ['onlink'] : []),
  ]
}

/** Takes away what the step adds: without its metric any route would go, without its protocol one that a daemon made. */
export function remove(wanted: RouteInput): Command {
  const metric = ['metric', `${wanted.metric}`]
  const asked = words(wanted)
  return changing(wanted, 'delete', [...asked, ...(asked.includes('metric') ? [] : metric), 'proto', 'boot'])
}

/** Adds, replaces or deletes a route. It is of IPv4 when nothing says otherwise; a gateway of IPv6 would. */
export function changing({ netns, family }: RouteInput, verb: string, each: RouteWords): Command {
  const option = family === 'ipv6' ? ['-6'] : each.includes('inet6') ? ['-4'] : []
  return ip(netns, ...option, 'route', verb, ...each)
}
