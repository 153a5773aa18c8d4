import type { MadeInput } from './made-input.ts'

/** What is known beforehand of the links that a step type makes. */
export interface Traits {
  /** As `ip -details link` says it. */
  readonly kind: string
  /** Whether it gets a mac made of run and step where none is asked for. */
  readonly hasOwnMac: (input: MadeInput) => boolean
  /** The MTU that the kernel gives it where none is asked for, in bytes; 0 where that depends on other links. */
  readonly mtu: (input: MadeInput) => number
}

const always = (): boolean => true
const never = (): boolean => false
const likeLower = (): number => 0

/** The step types that make one link, by their names. */
export const madeKinds: { readonly [type: string]: Traits } = {
  bridge: { kind: 'bridge', hasOwnMac: always, mtu: ({ ports = [] }) => (ports.length === 0 ? 1500 : 0) },
  dummy: { kind: 'dummy', hasOwnMac: always, mtu: () => 1500 },
  // in this mode it has the mac of the lower link
  macvlan: {
    kind: 'macvlan',
    hasOwnMac: (input) => (input as { mode?: string }).mode !== 'passthru',
    mtu: likeLower,
  },
  ipvlan: { kind: 'ipvlan', hasOwnMac: never, mtu: likeLower },
  vlan: { kind: 'vlan', hasOwnMac: never, mtu: likeLower },
  vxlan: { kind: 'vxlan', hasOwnMac: always, mtu: ({ link }) => (link === undefined ? 1500 : 0) },
  tun: { kind: 'tun', hasOwnMac: never, mtu: () => 1500 },
  wireguard: { kind: 'wireguard', hasOwnMac: never, mtu: () => 1420 },
}
