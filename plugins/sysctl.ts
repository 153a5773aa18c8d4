import { inNetns, type Command } from '../core/command.ts'
import { everyKey, inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { swapped } from '../core/sysctl-key.ts'
import { SEE_DOCTOR } from '../core/tools.ts'
import { sysctlDocs } from './docs/sysctl.ts'
import { expectLines } from './lib/expect-lines.ts'
import { place } from './lib/ip-json.ts'
import { ipv6Probes, madeLinkLocals, parseIpv6, putBackIpv6 } from './lib/ipv6-subjects.ts'
import { removeLinkLocals } from './lib/ipv6-subjects.ts'
import { didYouMean, nearNames } from './lib/near-names.ts'
import { isSteady, parseSides, sideProbe, sidesOf } from './lib/sysctl-couplings.ts'
import { foretellSysctl } from './lib/sysctl-foretold.ts'
import { folded, sysctlInput, type SysctlInput } from './lib/sysctl-input.ts'
import { dropsIpv6, linkIn, makesLinkLocals } from './lib/sysctl-keys.ts'
import type { SysctlState } from './lib/sysctl-state.ts'

/**
 * Sets a kernel parameter below `net`, in a netns its own one.
 *
 * Some parameters rewrite others: `net.ipv4.ip_forward` those of every link, `net.ipv4.conf.default.*` those of links
 * without a value of their own; `disable_ipv6` drops addresses and static routes. What was different there is put back
 * when the step is undone. Router advertisements and what they brought come back by themselves.
 *
 * @see sysctl(8), https://docs.kernel.org/networking/ip-sysctl.html
 */
export default defineStep({
  type: 'sysctl',
  summary: 'Sets a kernel parameter below net.',
  docs: sysctlDocs,
  input: sysctlInput,
  resources: ({ netns, key }) => {
    const link = linkIn(key)
    const uses = [...inside(netns), ...(link === undefined ? [] : [linkKey(netns, link)])]
    return { shares: [keyIn('sysctl', netns, swapped(key))], uses }
  },
  probe({ netns, key }) {
    const sides = sideProbe(key)
    const list = ['find', `/proc/sys/${directoryOf(key)}`, '-mindepth', '1', '-maxdepth', '1', ...PRINTED]
    return [
      // a parameter that cannot be read makes 1, and what is not there makes 1 and 2 in the others
      { argv: inNetns(netns, ['sysctl', '-e', key]), okExits: [0, 1] },
      { argv: inNetns(netns, list), okExits: [0, 1] },
      ...(sides ? [{ argv: inNetns(netns, sides), okExits: [0, 1, 2] }] : []),
      ...(dropsIpv6(key) || makesLinkLocals(key) ? ipv6Probes(netns) : []),
    ]
  },
  observe({ stdout, stderr }, { key, value: wanted }, { outputs }): SysctlState {
    expectLines(stdout, /^\S+ =/, 'parameters of sysctl')
    const value = new Map(stdout.split('\n').map(keyAndValue)).get(swapped(key)) ?? null
    const texts = outputs.slice(2).map((output) => output.stdout)
    const besides = sideProbe(key) ? (texts.shift() ?? '') : ''
    const sides = parseSides(besides)
    const links = [...new Set(Object.keys(sides).flatMap((path) => linkIn(path) ?? []))].toSorted()
    const odd = sidesOf(key, links).filter(({ path, expected }) => sides[path] !== expected(value ?? ''))
    const [addresses = '', routes = ''] = texts
    const faulty = faultOf(key, value, outputs[1]?.stdout ?? '', stderr.trim())
    return {
      value,
      near: faulty.near,
      fault: faulty.fault ?? (isSteady(besides, key, value) ? null : CHANGING),
      exceptions: Object.fromEntries(odd.flatMap(({ path }) => (path in sides ? [[path, sides[path]!]] : []))),
      links,
      ...(dropsIpv6(key) ? parseIpv6(addresses, routes, linkIn(key)) : { addresses: [], routes: [] }),
      linkLocals: makesLinkLocals(key) ? madeLinkLocals(addresses, linkIn(key), wanted) : [],
    }
  },
  foretell: foretellSysctl,
  watches: ({ netns, key }) => [
    everyKey('sysctl', netns),
    ...(sideProbe(key) || dropsIpv6(key) || makesLinkLocals(key) ? [everyKey('link', netns)] : []),
    ...(dropsIpv6(key) || makesLinkLocals(key) ? [everyKey('addr', netns), everyKey('route', netns)] : []),
  ],
  outcome: ({ value }, before): SysctlState => ({ ...before, value }),
  changes: ({ key, value }, now) => [{ what: swapped(key), from: now.value, to: value }],
  plan(wanted, now): Plan {
    const { netns, key, value } = wanted
    if (now.value === null) return refusal(wanted, now)
    if (folded(now.value) === value) return nothingToDo
    if (now.fault !== null) return refusal(wanted, now)
    const apply = [{ argv: inNetns(netns, ['sysctl', '-q', '-w', `${key}=${value}`]) }]
    return { apply, undo: wayBack(wanted, now, { ...now, value, addresses: [], routes: [] }) }
  },
  undo: (wanted, before, now) => wayBack(wanted, before, now),
  // what a module of the kernel brings along may appear meanwhile
  foreseeable: ({ key }) => /^net\/(core|unix|ipv[46])\/(?!netfilter|vs\/)/.test(key),
  outputs: { value: ({ value }) => value },
  sketch: ({ netns, key, value }) => {
    const family = FORWARDING[`${key}=${value}`]
    return [
      family ? { draw: 'forwarding', netns, family } : { draw: 'note', netns, text: `${swapped(key)} = ${value}` },
    ]
  },
})

const FORWARDING: { readonly [setting: string]: 'ipv4' | 'ipv6' } = {
  'net/ipv4/ip_forward=1': 'ipv4',
  'net/ipv4/conf/all/forwarding=1': 'ipv4',
  'net/ipv6/conf/all/forwarding=1': 'ipv6',
}

const CHANGING = 'is just being changed by somebody else'

/** Whether it can be written, also where `/proc/sys` is mounted read-only: then the mode alone says nothing. @see access(2) */
const PRINTED = ['-printf', '%y %m %f ', '(', '-writable', '-printf', 'w\\n', '-o', '-printf', 'r\\n', ')']

const directoryOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))

function keyAndValue(line: string): [string, string] {
  const at = line.indexOf(' =')
  return [line.slice(0, at), line.slice(at + 2).replace(/^ /, '')]
}

function faultOf(
  key: string,
  value: string | null,
  listing: string,
  said: string,
): Pick<SysctlState, 'fault' | 'near'> {
  const name = key.slice(key.lastIndexOf('/') + 1)
  expectLines(listing, /^\w \d+ \S+ [wr]$/, 'files as find prints them')
  const rows = listing.split('\n').map((line) => line.split(' '))
  const [kind, mode = '', , writable] = rows.find((row) => row[2] === name) ?? []
  const files = rows.flatMap((row) => (row[0] === 'f' ? [row[2]!] : []))
  if (kind === undefined) return { fault: value === null ? 'does not exist' : null, near: nearNames(files, name) }
  if (kind === 'd') return { fault: 'is a group of parameters', near: [] }
  if (!/[2367]/.test(mode)) return { fault: 'can only be read', near: [] }
  if (writable === 'r') return { fault: READ_ONLY, near: [] }
  if (value !== null) return { fault: null, near: [] }
  return { fault: `cannot be read, so that it could not be put back${said === '' ? '' : ` (${said})`}`, near: [] }
}

const READ_ONLY = 'cannot be written'

const MOUNTED = `is /proc/sys mounted read-only, as in many containers? Look: findmnt -T /proc/sys\n${SEE_DOCTOR}`

function refusal({ netns, key }: SysctlInput, { fault, near }: SysctlState): Plan {
  const link = linkIn(key)
  if (fault === READ_ONLY) return conflict(`sysctl ${swapped(key)} ${fault} in ${place(netns)}`, MOUNTED)
  const hint = link === undefined || near.length > 0 ? didYouMean(near) : `is there a link ${link} in ${place(netns)}?`
  const refused = conflict(`sysctl ${swapped(key)} ${fault ?? 'does not exist'} in ${place(netns)}`, hint)
  return fault === CHANGING ? { conflict: `sysctl ${swapped(key)} ${fault}`, passing: true } : refused
}

function wayBack(wanted: SysctlInput, before: SysctlState, now: SysctlState): readonly Command[] {
  if (before.value === null) return []
  // gone with its link; what is there and cannot be read is tried, and then seen not to be undone
  if (now.value === null && !now.fault?.startsWith('cannot be read')) return []
  const own = isSame(now.value, before.value) ? [] : [`${wanted.key}=${before.value}`]
  const writes = [...own, ...(now.value === null ? [] : sidesBack(wanted, before, now))]
  const set: readonly Command[] =
    writes.length === 0 ? [] : [{ argv: inNetns(wanted.netns, ['sysctl', '-e', '-q', '-w', ...writes]) }]
  const { netns } = wanted
  const linkLocals = removeLinkLocals(netns, before.linkLocals, now.linkLocals)
  // switching IPv6 off again drops also what the links have on which it was on
  const left = own.length > 0 && before.value !== '0' ? { addresses: [], routes: [] } : now
  return [...set, ...linkLocals, ...putBackIpv6(netns, before, left)]
}

/** Says whether two values are one: of a step that comes before, it is known what it sets, and not how the kernel prints that. */
const isSame = (one: string | null, other: string | null): boolean =>
  one === other || (one !== null && other !== null && folded(one) === folded(other))

/**
 * Writes the parameters that the kernel rewrote, of links that were there before and still are, each unless somebody has
 * given it another value since.
 */
function sidesBack({ key, value }: SysctlInput, before: SysctlState, now: SysctlState): readonly string[] {
  const rewritten = !isSame(now.value, before.value)
  const links = before.links.filter((link) => now.links.includes(link))
  return sidesOf(key, links).flatMap(({ path, expected, rewrites }) => {
    const [set, reset] = [expected(value), expected(before.value!)]
    const was = before.exceptions[path] ?? reset
    const is = rewritten && rewrites === 'all' ? reset : (now.exceptions[path] ?? expected(now.value!))
    const isOurs = set === undefined || is === set || is === reset
    return was !== undefined && was !== is && isOurs ? [`${path}=${was}`] : []
  })
}
