import { z } from 'zod'
import { linkName, mac, mtu, netnsName } from '../../core/net.ts'

/** The changes that a link can be asked for. */
export const fields = ['state', 'mtu', 'mac', 'alias', 'master', 'moveTo'] as const

const changes = {
  state: z.enum(['up', 'down']).optional(),
  mtu: mtu.optional(),
  mac: mac.optional(),
  alias: z
    .string()
    .refine((text) => Buffer.byteLength(text) < 256 && !/[\x00-\x1f\x7f]/.test(text), {
      error: 'expected an alias of less than 256 bytes, without control characters',
    })
    .optional(),
  master: linkName.optional(),
  moveTo: netnsName.optional(),
}

/** What the step `link` is given: a link, and at least one change. */
export const input = z
  .strictObject({ link: linkName, netns: netnsName.optional(), ...changes })
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
