import { z } from 'zod'
import { hostAddress, netnsName } from '../../core/net.ts'
import type { AskedFile } from './file-input.ts'

const name = z
  .string()
  .regex(
    /^(?=.{1,253}$)[A-Za-z0-9_]([\w-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([\w-]{0,61}[A-Za-z0-9_])?)*\.?$/,
    'expected a name of a host or a domain, such as "example.org"',
  )

/** What a workflow says to `dns`: the content of resolv.conf, of hosts, or of both. */
export const dnsInput = z
  .strictObject({
    netns: netnsName.meta({ description: 'netns in which the names are resolved so', examples: ['ns1'] }),
    nameservers: z
      .array(hostAddress)
      .min(1)
      .max(3, 'expected at most 3 addresses: the resolver asks no more')
      .optional()
      .meta({
        description: 'addresses of name servers, asked in this order',
        examples: [['192.0.2.1', '2001:db8::1']],
      }),
    search: z
      .array(name)
      .min(1)
      .max(6)
      .optional()
      .meta({ description: 'domains in which short names are looked for', examples: [['lab.example.org']] }),
    options: z
      .array(
        z.string().regex(/^[a-z][a-z0-9-]*(:\d{1,5})?$/, 'expected an option of resolv.conf(5), such as "timeout:1"'),
      )
      .min(1)
      .optional()
      .meta({
        description: 'options of the resolver, as resolv.conf(5) has them',
        examples: [['timeout:1', 'rotate']],
      }),
    hosts: z
      .record(hostAddress, z.array(name).min(1))
      .optional()
      .meta({
        description: 'names of addresses, which no server is asked for; "localhost" is added',
        examples: [{ '10.0.0.1': ['gateway', 'gateway.lab'] }],
      }),
  })
  .superRefine(({ nameservers, search, options, hosts }, { addIssue }) => {
    const refuse = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message })
    if (nameservers === undefined && hosts === undefined)
      refuse('nameservers', 'expected "nameservers", "hosts" or both')
    for (const [field, given] of Object.entries({ search, options }))
      if (given !== undefined && nameservers === undefined) refuse(field, `expected "nameservers" beside "${field}"`)
  })

/** A dns step's input after validation. */
export type DnsInput = z.output<typeof dnsInput>

/** Writes the files that are asked for. */
export function filesOf({ netns, nameservers, search = [], options = [], hosts }: DnsInput): readonly AskedFile[] {
  const file = (base: string, lines: readonly string[]): AskedFile => ({
    path: `/etc/netns/${netns}/${base}`,
    content: `${lines.join('\n')}\n`,
    mode: undefined,
  })
  const resolving = (nameservers ?? []).map((address) => `nameserver ${address}`)
  const domains = search.length === 0 ? [] : [`search ${search.join(' ')}`]
  const how = options.length === 0 ? [] : [`options ${options.join(' ')}`]
  return [
    ...(nameservers === undefined ? [] : [file('resolv.conf', [...domains, ...resolving, ...how])]),
    ...(hosts === undefined ? [] : [file('hosts', linesOf(hosts))]),
  ]
}

/** The file takes the place of /etc/hosts, where the host's own name for itself stands. */
function linesOf(hosts: { readonly [address: string]: readonly string[] }): readonly string[] {
  const all = { '127.0.0.1': ['localhost'], '::1': ['localhost', 'ip6-localhost'], ...hosts }
  return Object.entries(all).map(([address, names]) => `${address} ${names.join(' ')}`)
}
