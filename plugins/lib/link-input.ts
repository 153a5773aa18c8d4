import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { linkName, mac, mtu, netnsName } from '../../core/net.ts'

/** The changes that a link can be asked for. */
export const fields = ['state', 'mtu', 'mac', 'alias', 'master', 'moveTo'] as const

const changes = {
  state: choice('whether the link passes packets', {
    up: 'it passes packets',
    down: 'it passes none; the kernel drops its static routes and IPv6 addresses, and undo puts them back',
  }).optional(),
  mtu: mtu.optional(),
  mac: mac.optional(),
  alias: z
    .string()
    .refine((text) => Buffer.byteLength(text) < 256 && !/[\x00-\x1f\x7f]/.test(text), {
      error: 'expected an alias of less than 256 bytes, without control characters',
    })
    .meta({ description: 'note on the link, shown by "ip link": less than 256 bytes', examples: ['to the lab'] })
    .optional(),
  master: linkName
    .meta({ description: 'bridge that the link becomes a port of; it has to be there', examples: ['br0'] })
    .optional(),
  moveTo: netnsName
    .meta({ description: 'netns to move the link into; the other fields apply there', examples: ['ns1'] })
    .optional(),
}

/** What the step `link` is given: a link, and at least one change. */
export const input = z
  .strictObject({
    link: linkName.meta({ description: 'name of the link to change: 1 to 15 bytes', examples: ['veth-host', 'lo'] }),
    netns: netnsName
      .meta({ description: 'netns that the link is in; without it, the one that nsnet runs in', examples: ['ns1'] })
      .optional(),
    ...changes,
  })
  .refine((wanted) => fields.some((field) => wanted[field] !== undefined), {
    error: 'expected at least one change: state, mtu, mac, alias, master or moveTo',
  })
  .refine(({ link, master }) => link !== master, { error: 'expected another link than this one', path: ['master'] })
  .refine(({ netns, moveTo }) => moveTo === undefined || netns !== moveTo, {
    error: 'expected another netns than the one the link is in',
    path: ['moveTo'],
  })

export type Input = z.infer<typeof input>

/** Where the link is once the step is applied. */
export const target = ({ netns, moveTo }: Input): string | undefined => moveTo ?? netns
