import { z } from 'zod'
import { ip, type Command } from '../core/command.ts'
import { linkName } from '../core/net.ts'
import { bridgeDocs } from './docs/bridge.ts'
import { common, ownMac } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const flag = (description: string) =>
  z
    .boolean()
    .optional()
    .meta({ description, examples: [true] })

const delay = { error: 'expected seconds from 0 to 30' }

const input = z
  .strictObject({
    ...common,
    mac: ownMac,
    ports: z
      .array(linkName)
      .optional()
      .meta({
        description: 'links of the same netns that become its ports; they have to be there and of no other bridge',
        examples: [['veth-a', 'veth-b']],
      }),
    stp: flag('whether it speaks the spanning tree protocol, so that loops do no harm; the kernel takes false'),
    vlanFiltering: flag('whether its ports belong to VLANs (the kernel must have it); the kernel takes false'),
    forwardDelay: z
      .number(delay)
      .min(0, delay)
      .max(30, delay)
      .optional()
      .meta({ description: 'seconds in which a new port only listens and learns; the kernel takes 15', examples: [2] }),
  })
  .superRefine(({ name, ports = [], stp, forwardDelay }, { addIssue }) => {
    const refuse = (field: string, message: string) => addIssue({ code: 'custom', path: [field], message })
    if (ports.includes(name)) refuse('ports', 'expected other links than the bridge itself')
    if (new Set(ports).size < ports.length) refuse('ports', 'expected each port once')
    if (stp === true && forwardDelay !== undefined && forwardDelay < 2)
      refuse('forwardDelay', 'expected 2 to 30 seconds with "stp" (IEEE 802.1D)')
  })

/**
 * Creates a bridge, and puts links under it as its ports.
 *
 * It has a mac of its own, made of run and step where none is asked for: without one, the kernel would give it that of a port.
 * Its MTU is that of the smallest port, unless one is asked for. Deleting it releases its ports: nothing else of them had
 * changed.
 *
 * @see ip-link(8), bridge(8)
 */
export default madeLink({
  type: 'bridge',
  summary: 'Creates a bridge, with links as its ports.',
  docs: bridgeDocs,
  input,
  home: ({ netns }) => netns,
  words: ({ stp, vlanFiltering, forwardDelay }) => [
    ...(stp === undefined ? [] : ['stp_state', stp ? '1' : '0']),
    // a kernel without it takes not even 0, which is what a bridge begins with
    ...(vlanFiltering === true ? ['vlan_filtering', '1'] : []),
    ...(forwardDelay === undefined ? [] : ['forward_delay', `${Math.round(forwardDelay * 100)}`]),
  ],
  asks: ({ stp, vlanFiltering, forwardDelay }) =>
    Object.fromEntries(
      Object.entries({ stp, vlanFiltering, forwardDelay: forwardDelay && Math.round(forwardDelay * 100) / 100 }).filter(
        (each): each is [string, boolean | number] => each[1] !== undefined,
      ),
    ),
  sees: ({ stp_state: stp, vlan_filtering: filtering, forward_delay: delayed }) => ({
    stp: Number(stp ?? 0) > 0,
    vlanFiltering: Number(filtering ?? 0) > 0,
    forwardDelay: Number(delayed ?? 0) / 100,
  }),
  finish({ name, netns, ports = [], mtu }, now, found): readonly Command[] {
    const free = ports.filter((port) => now === null || found[port] === null)
    return [
      ...free.map((port) => ip(netns, 'link', 'set', 'dev', port, 'master', name)),
      // set by itself and last: one that it is made with goes when a port comes
      ...(mtu === undefined || mtu === now?.mtu ? [] : [ip(netns, 'link', 'set', 'dev', name, 'mtu', `${mtu}`)]),
    ]
  },
  finishes: ['ports', 'mtu'],
  followsMtu: true,
  module: 'bridge',
  needs: '"vlanFiltering" takes one with CONFIG_BRIDGE_VLAN_FILTERING',
})
