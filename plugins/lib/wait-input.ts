import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { hostAddress, linkName, netnsName } from '../../core/net.ts'
import { endpoint } from './check-input.ts'
import { filePath } from './file-input.ts'

/** What the step `wait` is given: one fact to wait for, and how patiently. */
export const waitInput = z
  .strictObject({
    netns: netnsName.optional(),
    link: linkName
      .optional()
      .meta({ description: 'link that is to be in a state, or to have the address', examples: ['veth-ns'] }),
    state: choice('state of the link', {
      carrier: 'it is up and something is at its other end',
      up: 'it is set up, with a carrier or without',
    })
      .optional()
      .meta({ default: 'carrier' }),
    address: hostAddress.optional().meta({
      description: 'address that a link (or "link") is to have and to be usable: duplicate address detection is over',
      examples: ['2001:db8::1'],
    }),
    tcp: endpoint.optional().meta({
      description: 'who is to answer by TCP: "host:port" or "[address]:port"',
      examples: ['10.0.0.2:80'],
    }),
    file: filePath
      .optional()
      .meta({ description: 'absolute path of what is to be there', examples: ['/run/lab/ready'] }),
    within: z
      .number()
      .min(0)
      .max(3600)
      .default(30)
      .meta({ description: 'seconds after which the step fails; 0 looks once', examples: [60] }),
    every: z
      .number()
      .min(0.05)
      .max(60)
      .default(0.2)
      .meta({ description: 'seconds between two looks', examples: [1] }),
  })
  .superRefine(({ netns, link, state, address, tcp, file }, { addIssue }) => {
    const refuse = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message })
    const facts = [address ?? link, tcp, file].filter((fact) => fact !== undefined)
    if (facts.length !== 1) refuse('link', 'expected one of "link", "address", "tcp" and "file" to wait for')
    if (state !== undefined && (link === undefined || address !== undefined))
      refuse('state', 'expected "state" beside "link" alone')
    if (file !== undefined && netns !== undefined)
      refuse('netns', 'expected no "netns" beside "file": files are those of the host')
  })

/** A wait step's input after validation. */
export type WaitInput = z.output<typeof waitInput>
