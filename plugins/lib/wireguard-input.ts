import { z } from 'zod'
import { canonical, hostAddress, netnsName, prefix } from '../../core/net.ts'
import { common } from './made-input.ts'
import { wireguardKey } from './wireguard-keys.ts'

const KEY = 'uA8ddNbBGRLMhgVPHVtyWnZYBLK5Xr8Te7GpRAAmI1w='

const portRange = { error: 'expected an integer from 1 to 65535' }

const endpoint = z
  .string()
  .refine(isEndpoint, 'expected "address:port" or "[address]:port"')
  .optional()
  .meta({
    description: 'where the peer is at first: "address:port" or "[address]:port"',
    examples: ['192.0.2.2:51820'],
  })

function isEndpoint(text: string): boolean {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? []
  const fits = hostAddress.safeParse(six ?? four).success && (six === undefined || six.includes(':'))
  return fits && Number(port) >= 1 && Number(port) <= 65_535
}

const peer = z.strictObject({
  publicKey: wireguardKey.meta({ description: 'public key of the peer, in base64', examples: [KEY] }),
  presharedKey: wireguardKey
    .optional()
    .meta({ description: 'key that both ends know besides; give it as a secret input', examples: [KEY] }),
  endpoint,
  allowedIps: z
    .array(prefix.transform(canonical))
    .default([])
    .meta({ description: 'prefixes that are behind the peer', examples: [['10.9.0.0/24', '::/0']] }),
  keepalive: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({ description: 'seconds between packets that keep a NAT open; none without it', examples: [25] }),
})

/** What the step `wireguard` is given. */
export const input = z
  .strictObject({
    ...common,
    outerNetns: netnsName.optional().meta({
      description:
        'netns that the encrypted packets are sent in; without it, the one that nsnet runs in (also with "netns")',
      examples: ['ns1'],
    }),
    privateKey: wireguardKey.meta({
      description: 'own private key, as "wg genkey" prints it; give it as a secret input',
      examples: ['yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk='],
    }),
    listenPort: z
      .int(portRange)
      .min(1, portRange)
      .max(65_535, portRange)
      .optional()
      .meta({ description: 'number of the UDP port to listen at; the kernel chooses without it', examples: [51_820] }),
    peers: z
      .array(peer)
      .default([])
      .meta({
        description:
          'the other ends: of each "publicKey", and if need be "presharedKey", "endpoint" ("address:port" or "[address]:port"), "allowedIps" (the prefixes behind it) and "keepalive" (seconds between packets that keep a NAT open)',
        examples: [[]],
      }),
  })
  .superRefine(({ peers }, { addIssue }) => {
    const refuse = (message: string) => addIssue({ code: 'custom', path: ['peers'], message })
    if (new Set(peers.map(({ publicKey }) => publicKey)).size < peers.length) refuse('expected each peer once')
    const prefixes = peers.flatMap(({ allowedIps }) => allowedIps)
    if (new Set(prefixes).size < prefixes.length) refuse('expected each prefix behind one peer')
  })

export type Input = z.infer<typeof input>
