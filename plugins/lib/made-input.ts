import { linkName, mac, mtu, netnsName } from '../../core/net.ts'

/** What all steps that make a link are given. */
export interface MadeInput {
  readonly name: string
  readonly netns?: string | undefined
  readonly mac?: string | undefined
  readonly mtu?: number | undefined
  /** The lower link, which the packets of this one go through. */
  readonly link?: string | undefined
  /** The netns of the lower link, and of the outer packets of a tunnel. */
  readonly linkNetns?: string | undefined
  /** Links of the same netns that it takes under it. */
  readonly ports?: readonly string[] | undefined
}

/** The fields that all of them have. */
export const common = {
  name: linkName.meta({ description: 'name of the new link: 1 to 15 bytes', examples: ['lab0'] }),
  netns: netnsName
    .optional()
    .meta({ description: 'netns that it is born in; without it, the one that nsnet runs in', examples: ['ns1'] }),
  mtu: mtu.optional().meta({
    description: 'MTU in bytes, without the link-layer header; without it, what the kernel gives; IPv6 needs 1280',
    examples: [1400],
  }),
}

/** The mac of a link that has one of its own. */
export const ownMac = mac
  .optional()
  .meta({ description: 'mac, in lower case; without it, one made of run and step', examples: ['02:00:00:00:00:01'] })

/** The mac of a link to which the kernel gives one. */
export const kernelsMac = (whose: string) =>
  mac.optional().meta({
    description: `mac, in lower case; without it, ${whose}`,
    examples: ['02:00:00:00:00:01'],
  })

/** The lower link, and where it is. */
export const lower = {
  link: linkName.meta({ description: 'the lower link, which the packets go through', examples: ['enp1s0'] }),
  linkNetns: netnsName.optional().meta({
    description: 'netns of the lower link; without it, the one that nsnet runs in (also with "netns")',
    examples: ['ns1'],
  }),
}
