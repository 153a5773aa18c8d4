import type { Command } from '../../core/command.ts'
import type { RunEvent, RunStarted, StepSpec } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { inside, linkKey, type ResourceKey } from '../../core/resource.ts'
import type { Facts } from '../../core/step.ts'

/** A step as journals of real runs have it. */
interface Model {
  readonly uses: string
  readonly with: { readonly [name: string]: Json }
  readonly before: Json
  readonly after: Json
  readonly apply: string
  readonly undo: string
  readonly creates: readonly ResourceKey[]
  readonly usesKeys: readonly ResourceKey[]
  readonly outputs: { readonly [name: string]: Json }
}

/** The beginning of a run of many steps: ten for each netns, with a cable, addresses, a route and rules. */
export function longStarted(run: string, steps: number, facts: Facts): RunStarted {
  const specs: readonly StepSpec[] = Array.from({ length: steps }, (_, at) => {
    const { uses, with: input } = modelOf(at)
    return { id: idOf(at), uses, with: input, at: { line: 4 + at, column: 5, pointer: `/steps/${at}` } }
  })
  const written = specs.map(({ id, uses, with: input }) => `    ${JSON.stringify({ id, uses, with: input })}`)
  const text = `{\n  "name": "many",\n  "steps": [\n${written.join(',\n')}\n  ]\n}\n`
  const workflow = { name: 'many', path: '/etc/nsnet/many.json', text, hash: 'f'.repeat(64) }
  return { type: 'RunStarted', run, nsnet: '0.0.0', workflow, inputs: {}, facts, plugins: [], steps: specs }
}

/** The intents, and the outcomes, of the steps from one number up to another. */
export const longBatch = (run: string, from: number, to: number): readonly (readonly RunEvent[])[] => {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at)
  return [numbers.map((at) => plannedOf(run, at)), numbers.map((at) => appliedOf(run, at))]
}

const idOf = (at: number): string => `step-${at}`

function plannedOf(run: string, at: number): RunEvent {
  const { with: input, before, apply, undo, creates, usesKeys } = modelOf(at)
  return {
    type: 'StepPlanned',
    step: idOf(at),
    input,
    before,
    apply: commandsIn(apply, run),
    undo: commandsIn(undo, run),
    resources: { creates, uses: usesKeys },
    netns: netnsOf(at),
    at: '2026-01-02T03:04:05.678Z',
  }
}

function appliedOf(run: string, at: number): RunEvent {
  const { after, undo, outputs } = modelOf(at)
  const durationMs = 12.345678901234 + at
  return {
    type: 'StepApplied',
    step: idOf(at),
    after,
    undo: commandsIn(undo, run),
    netns: netnsOf(at),
    outputs,
    durationMs,
  }
}

const commandsIn = (text: string, run: string): readonly Command[] =>
  text.split('; ').map((line) => ({ argv: line.replace('RUN', run).split(' ') }))

const netnsOf = (at: number) => {
  const n = Math.floor(at / MODELS.length)
  return { [`ns${n}`]: { inode: 4026530000 + n, made: `1795523668.${2170331040 + n}` } }
}

function modelOf(at: number): Model {
  const n = Math.floor(at / MODELS.length)
  return MODELS[at % MODELS.length]!(n, `ns${n}`, `10.${(n >> 8) & 255}.${n & 255}`)
}

const looked = (ifindex: number, up: boolean) => ({
  moved: false,
  bridge: null,
  near: [],
  obstacles: [],
  addresses: [],
  routes: [],
  loopback: null,
  sysctls: {},
  link: { ifindex, kind: 'veth', up, mtu: 1500, mac: '46:c0:08:81:e2:07', alias: '', master: null },
})

const end = (name: string, ifindex: number) => ({
  name,
  ifindex,
  mac: '46:c0:08:81:e2:07',
  mtu: 1500,
  kind: 'veth',
  master: null,
})

const address = (netns: string | undefined, link: string, prefix: string): Model => {
  const ip = netns === undefined ? 'ip' : `ip -n ${netns}`
  const where = { link: [3, '46:c0:08:81:e2:07'], near: [], rival: null, behind: [], promotes: 'no' }
  const entry = { peer: null, broadcast: null, scope: 'global', label: link, nodad: false, lifetime: 'forever' }
  return {
    uses: 'addr',
    with: { link, ...(netns === undefined ? {} : { netns }), address: prefix },
    before: { ...where, entry: null },
    after: { ...where, entry },
    apply: `${ip} address add ${prefix} dev ${link}`,
    undo: `${ip} address delete ${prefix} dev ${link}`,
    creates: [`addr:${netns ?? 'host'}/${link}/${prefix}`],
    usesKeys: [linkKey(netns, link), ...inside(netns)],
    outputs: { address: prefix.replace(/\/.*/, ''), prefix },
  }
}

const up = (netns: string | undefined, link: string): Model => {
  const ip = netns === undefined ? 'ip' : `ip -n ${netns}`
  return {
    uses: 'link',
    with: { link, ...(netns === undefined ? {} : { netns }), state: 'up' },
    before: looked(3, false),
    after: looked(3, true),
    apply: `${ip} link set dev ${link} up`,
    undo: `${ip} link set dev ${link} down`,
    creates: [],
    usesKeys: [linkKey(netns, link), ...inside(netns)],
    outputs: { mac: '46:c0:08:81:e2:07', mtu: 1500, ifindex: 3, netns: netns ?? null },
  }
}

const rule = (table: string, chain: string, text: string, key: string): Model => {
  const around = { readable: true, chain: 'ACCEPT', same: null, rules: 0, users: 0 }
  const command = `iptables-nft -w 5 -t ${table}`
  const comment = `-m comment --comment nsnet:RUN/${key}:797404`
  return {
    uses: 'iptables',
    with: { family: 'ipv4', table, chain, rule: text },
    before: { ours: null, policy: null, chain: null, around },
    after: { ours: `${text} ${comment}`, policy: null, chain: null, around: { ...around, rules: 1 } },
    apply: `${command} -A ${chain} ${text} ${comment}`,
    undo: `${command} -D ${chain} ${text} ${comment}; ${command} -X ${chain}`,
    creates: [`rule:host/ipv4/${table}/${chain}/${key}`],
    usesKeys: [],
    outputs: {},
  }
}

type ModelMaker = (n: number, netns: string, net: string) => Model

const MODELS: readonly ModelMaker[] = [
  (n, netns) => ({
    uses: 'netns',
    with: { netns },
    before: { inode: null, made: null, links: [], leftover: false },
    after: { inode: 4026530000 + n, made: `1795523668.${2170331040 + n}`, links: ['lo'], leftover: false },
    apply: `ip netns add ${netns}`,
    undo: `ip netns delete ${netns}`,
    creates: [`netns:${netns}`],
    usesKeys: [],
    outputs: { inode: 4026530000 + n, netns },
  }),
  (n, netns) => ({
    uses: 'veth',
    with: { name: `veth${n}`, peer: { name: 'eth0', netns } },
    before: { near: null, far: null, paired: false },
    after: { near: end(`veth${n}`, 3 + n), far: end('eth0', 2), paired: true },
    apply: `ip link add name veth${n} type veth peer name eth0 netns ${netns}`,
    undo: `ip link delete dev veth${n}`,
    creates: [`link:host/veth${n}`, `link:${netns}/eth0`],
    usesKeys: [`netns:${netns}`],
    outputs: { mac: '46:c0:08:81:e2:07', peerMac: '6a:f5:bc:e7:a5:3c', ifindex: 3 + n },
  }),
  (n, _, net) => address(undefined, `veth${n}`, `${net}.1/24`),
  (n) => up(undefined, `veth${n}`),
  (_, netns, net) => address(netns, 'eth0', `${net}.2/24`),
  (_, netns) => up(netns, 'eth0'),
  (_, netns) => up(netns, 'lo'),
  (_, netns, net) => ({
    uses: 'route',
    with: { netns, to: 'default', via: `${net}.1`, family: 'ipv4', type: 'unicast', table: 254, metric: 0 },
    before: { slot: [] },
    after: { slot: [['unicast', 'default', 'via', `${net}.1`, 'dev', 'eth0', 'table', '254', 'proto', '3']] },
    apply: `ip -n ${netns} -4 route add default via ${net}.1`,
    undo: `ip -n ${netns} -4 route delete default via ${net}.1 metric 0 proto boot`,
    creates: [`route:${netns}/254/ipv4/default/0`],
    usesKeys: [`netns:${netns}`],
    outputs: { via: `${net}.1`, dev: 'eth0', metric: 0 },
  }),
  (n) => rule('filter', 'FORWARD', `-i veth${n} -o enp1s0 -j ACCEPT`, `out-${n}`),
  (n, _, net) => rule('nat', 'POSTROUTING', `-s ${net}.0/24 -o enp1s0 -j MASQUERADE`, `nat-${n}`),
]
