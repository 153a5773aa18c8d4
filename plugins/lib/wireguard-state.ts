import { inNetns, type Command } from '../../core/command.ts'
import { canonical } from '../../core/net.ts'
import type { Json } from '../../core/json.ts'
import type { Look } from '../../core/step.ts'
import type { Params } from './maker.ts'
import type { Input } from './wireguard-input.ts'
import { publicKeyOf } from './wireguard-keys.ts'

/** Without private keys: what a command printed that fails is journaled. The preshared ones only where one is asked for. */
const FIELDS = ['public-key', 'listen-port', 'allowed-ips', 'persistent-keepalive'] as const

/** Lists what all WireGuard links of a netns have. @see wg(8) */
export const wireguardProbes = ({ netns, peers }: Input): readonly Command[] =>
  [...FIELDS, ...(peers.some(({ presharedKey }) => presharedKey !== undefined) ? ['preshared-keys'] : [])].map(
    (field) => ({ argv: inNetns(netns, ['wg', 'show', 'all', field]) }),
  )

/** What is asked for. Where a peer is, changes when it roams, so that it is not compared. */
export const wireguardAsks = ({ privateKey, listenPort, peers }: Input): Params => ({
  publicKey: publicKeyOf(privateKey),
  ...(listenPort === undefined ? {} : { listenPort }),
  peers: sorted(
    peers.map(({ publicKey, allowedIps, keepalive, presharedKey }) => ({
      publicKey,
      allowedIps: allowedIps.toSorted(),
      keepalive: keepalive ?? null,
      presharedKey: presharedKey === undefined ? 'none' : 'right',
    })),
  ),
})

/** Reads the answers of `wg show`, which come last; of secret keys only whether they are right. */
export function wireguardSees(wanted: Input, { outputs }: Look): Params {
  const answers = outputs.slice(-wireguardProbes(wanted).length).map(({ stdout }) => rowsOf(stdout, wanted.name))
  const [keys = [], ports = [], allowed = [], keepalives = [], preshared = []] = answers
  return {
    publicKey: keys[0]?.[0] ?? null,
    listenPort: Number(ports[0]?.[0] ?? 0),
    peers: sorted(
      allowed.map(([publicKey = '', prefixes = '']) => ({
        publicKey,
        allowedIps: prefixes === '(none)' ? [] : prefixes.split(' ').map(canonical).toSorted(),
        keepalive: Number(told(keepalives, publicKey)) || null,
        presharedKey: asAsked(wanted, publicKey, told(preshared, publicKey)),
      })),
    ),
  }
}

const told = (rows: readonly Row[], peer: string): string => rows.find(([key]) => key === peer)?.[1] ?? '(none)'

function asAsked({ peers }: Input, publicKey: string, found: string): string {
  if (found === '(none)') return 'none'
  return peers.find((peer) => peer.publicKey === publicKey)?.presharedKey === found ? 'right' : 'another'
}

type Row = readonly string[]

const rowsOf = (stdout: string, link: string): readonly Row[] =>
  stdout.split('\n').flatMap((line) => {
    const [name, ...row] = line.split('\t')
    return name === link ? [row] : []
  })

const sorted = <Peer extends { readonly publicKey: string } & { readonly [field: string]: Json }>(
  peers: readonly Peer[],
): readonly Peer[] => peers.toSorted((a, b) => (a.publicKey < b.publicKey ? -1 : 1))

/**
 * Gives the link its keys and peers. `wg` opens a file by its name, which it cannot do with the socket that a process gets
 * from nsnet as its stdin: `cat` makes a pipe of it.
 */
export const configure = (wanted: Input): Command => ({
  argv: inNetns(wanted.netns, ['sh', '-c', 'cat | wg setconf "$0" /dev/stdin', wanted.name]),
  stdin: configOf(wanted),
})

function configOf({ privateKey, listenPort, peers }: Input): string {
  const sections = [
    section('Interface', { PrivateKey: privateKey, ListenPort: listenPort }),
    ...peers.map((peer) =>
      section('Peer', {
        PublicKey: peer.publicKey,
        PresharedKey: peer.presharedKey,
        AllowedIPs: peer.allowedIps.join(', ') || undefined,
        Endpoint: peer.endpoint,
        PersistentKeepalive: peer.keepalive,
      }),
    ),
  ]
  return sections.join('')
}

function section(name: string, values: { readonly [key: string]: string | number | undefined }): string {
  const lines = Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}`]))
  return [`[${name}]`, ...lines, ''].join('\n')
}
