import { differences, type Difference } from '../../core/difference.ts'
import type { Json } from '../../core/json.ts'
import { isAsAsked, type RouteWords } from '../../plugins/lib/route-text.ts'
import { folded } from '../../plugins/lib/sysctl-input.ts'

/**
 * Lists where what was foretold of a step is not what it saw at its turn, but for what only the kernel can know (the numbers
 * that it gives) or write (a value, a route or a rule that is asked for in other words), and for advice.
 */
export const misfits = (foretold: Json, seen: Json): readonly Difference[] =>
  differences(foretold, withoutUnknown(foretold, seen, ''))

/** What was seen, with what was foretold in the places of what cannot be known and fits. */
function withoutUnknown(foretold: Json, seen: Json, key: string): Json {
  if (fits(foretold, seen, key)) return foretold
  if (Array.isArray(foretold) && Array.isArray(seen) && foretold.length === seen.length)
    return seen.map((item: Json, at) => withoutUnknown((foretold as readonly Json[])[at]!, item, ''))
  if (!isObject(foretold) || !isObject(seen)) return seen
  return Object.fromEntries(
    Object.entries(seen)
      .filter(([name]) => !(key === 'sysctls' && name.includes('/neigh/')))
      .map(([name, item]) => [name, name in foretold ? withoutUnknown(foretold[name]!, item, name) : item]),
  )
}

/** Whether something is not known (a new link has the ifindex 0) or is the same in other words. */
function fits(foretold: Json, seen: Json, key: string): boolean {
  switch (key) {
    case 'near':
    case 'fixed':
      return true
    case 'ifindex':
    case 'inode':
    case 'mtu':
    case 'lower':
    case 'otherMtu':
      return foretold === 0
    case 'made':
    case 'mac':
    case 'otherMac':
      return foretold === ''
    case 'link':
      return Array.isArray(foretold) && Array.isArray(seen) && foretold[0] === 0
    case 'chain':
      return foretold === 0 && typeof seen === 'number'
    case 'same':
      return typeof foretold === 'string' && typeof seen === 'string'
    case 'value':
      return typeof foretold === 'string' && typeof seen === 'string' && folded(foretold) === folded(seen)
    case 'slot':
      return isSlot(foretold) && isSlot(seen) && foretold.length === 1 && isAsAsked(foretold[0]!, seen[0] ?? [])
    default:
      return false
  }
}

const isSlot = (value: Json): value is readonly RouteWords[] => Array.isArray(value)

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
