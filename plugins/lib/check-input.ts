import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { hostAddress, netnsName } from '../../core/net.ts'

const host = z
  .string()
  .regex(
    /^(?!-)[^\s\x00-\x1f\x7f]{1,253}$/,
    'expected a name or an address, not starting with "-" and without white space',
  )
  .meta({ description: 'name or address to ping (ICMP echo)', examples: ['1.1.1.1', 'example.org'] })

/** Whom to connect to by TCP. */
export const endpoint = z
  .string()
  .regex(
    /^(?!-)(\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]|[^\s\x00-\x1f\x7f:[\]]{1,253}):\d{1,5}$/,
    'expected "host:port" or "[address]:port"',
  )
  .refine((text) => portOf(text) >= 1 && portOf(text) <= 65_535, 'expected a port from 1 to 65535')
  .meta({
    description: 'whom to connect to by TCP: "host:port" or "[address]:port"',
    examples: ['example.org:443', '[2001:db8::1]:22'],
  })

const seconds = (from: number, to: number, preset: number, description: string, example: number) =>
  z
    .number()
    .min(from)
    .max(to)
    .default(preset)
    .meta({ description, examples: [example] })

/** What the step `check` is given: whom to reach, and how patiently. */
export const input = z
  .strictObject({
    netns: netnsName.optional(),
    ping: host.optional(),
    tcp: endpoint.optional(),
    count: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .meta({ description: 'packets of one try; one answer is enough', examples: [4] }),
    timeout: seconds(1, 60, 2, 'seconds to wait for each answer', 5),
    within: seconds(0, 3600, 10, 'seconds in which it is tried again; 0 tries once', 60),
    every: seconds(0.1, 60, 1, 'seconds between two tries', 2),
    source: hostAddress
      .optional()
      .meta({ description: 'own address to send from; the kernel chooses without it', examples: ['10.0.0.2'] }),
    family: choice('which addresses of a name to try; either, without it', {
      ipv4: 'its IPv4 addresses',
      ipv6: 'its IPv6 addresses',
    }).optional(),
  })
  .refine(({ ping, tcp }) => (ping === undefined) !== (tcp === undefined), {
    error: 'expected either "ping" or "tcp"',
    path: ['ping'],
  })

/** A check step's input after validation. */
export type Input = z.output<typeof input>

/** Reads the port behind the last colon. */
export function portOf(target: string): number {
  return Number(target.slice(target.lastIndexOf(':') + 1))
}
