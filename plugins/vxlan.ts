import { z } from 'zod'
import { canonical, familyOf, hostAddress, liesIn, linkName, netnsName } from '../core/net.ts'
import { vxlanDocs } from './docs/vxlan.ts'
import { common, ownMac } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const idRange = { error: 'expected an integer from 0 to 16777215' }

const portRange = { error: 'expected an integer from 1 to 65535' }

const isMulticast = (text: string): boolean => liesIn(text, familyOf(text) === 4 ? '224.0.0.0/4' : 'ff00::/8')

const end = (description: string, ...examples: readonly string[]) =>
  hostAddress
    .transform(canonical)
    .optional()
    .meta({ description, examples: [...examples] })

const input = z
  .strictObject({
    ...common,
    mac: ownMac,
    id: z
      .int(idRange)
      .min(0, idRange)
      .max(16_777_215, idRange)
      .meta({ description: 'number of the segment (VNI): 0 to 16777215', examples: [42] }),
    remote: end('address of the other end, for packets whose receiver is not known yet', '192.0.2.2', '2001:db8::2'),
    group: end('multicast address of the other ends, in place of "remote"; needs "link"', '239.1.1.1'),
    local: end('own address of the outer packets; the kernel chooses without it', '192.0.2.1'),
    link: linkName.optional().meta({ description: 'link that the outer packets leave by', examples: ['enp1s0'] }),
    linkNetns: netnsName.optional().meta({
      description:
        'netns of the outer packets, and of "link"; without it, the one that nsnet runs in (also with "netns")',
      examples: ['ns1'],
    }),
    port: z
      .int(portRange)
      .min(1, portRange)
      .max(65_535, portRange)
      .default(4789)
      .meta({ description: 'number of the UDP port of the outer packets: 1 to 65535', examples: [8472] }),
    learning: z
      .boolean()
      .default(true)
      .meta({ description: 'whether it learns from packets which macs are behind which end', examples: [false] }),
  })
  .superRefine(({ remote, group, local, link }, { addIssue }) => {
    const refuse = (field: string, message: string) => addIssue({ code: 'custom', path: [field], message })
    if (remote !== undefined && group !== undefined) refuse('group', 'expected either "remote" or "group"')
    if (remote !== undefined && isMulticast(remote))
      refuse('remote', 'expected a unicast address: "group" takes others')
    if (group !== undefined && !isMulticast(group)) refuse('group', 'expected a multicast address, such as "239.1.1.1"')
    if (group !== undefined && link === undefined) refuse('link', 'expected a link with "group"')
    const family = familyOf(remote ?? group ?? local ?? '')
    if (local !== undefined && familyOf(local) !== family)
      refuse('local', `expected an IPv${family} address, as the other end has`)
  })

/**
 * Creates a VXLAN: a link of an Ethernet that is carried in UDP packets over IP (RFC 7348).
 *
 * Its MTU is 50 bytes below that of the link that is named (70 with IPv6 outside), and 1500 where none is.
 *
 * @see ip-link(8), https://docs.kernel.org/networking/vxlan.html
 */
export default madeLink({
  type: 'vxlan',
  summary: 'Creates a VXLAN: an Ethernet inside UDP packets.',
  docs: vxlanDocs,
  input,
  home: ({ linkNetns }) => linkNetns,
  words: ({ id, remote, group, local, link, port, learning }) => [
    'id',
    `${id}`,
    ...(remote === undefined ? [] : ['remote', remote]),
    ...(group === undefined ? [] : ['group', group]),
    ...(local === undefined ? [] : ['local', local]),
    ...(link === undefined ? [] : ['dev', link]),
    'dstport',
    `${port}`,
    ...(learning ? [] : ['nolearning']),
  ],
  asks: ({ id, remote, group, local, port, learning }) => ({
    id,
    remote: remote ?? null,
    group: group ?? null,
    local: local ?? null,
    port,
    learning,
  }),
  sees: ({ id, remote, remote6, group, group6, local, local6, port, learning }) => ({
    id: id ?? null,
    remote: remote ?? remote6 ?? null,
    group: group ?? group6 ?? null,
    local: local ?? local6 ?? null,
    port: port ?? null,
    learning: learning ?? null,
  }),
  lowerIn: ({ link }) => (typeof link === 'string' ? link : undefined),
  followsMtu: true,
  module: 'vxlan',
})
