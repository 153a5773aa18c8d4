import { z } from 'zod'
import { netnsName } from '../../core/net.ts'
import { swapped } from '../../core/sysctl-key.ts'

/** Bytes of a path, and of what a sysctl can be set to: one page. @see path_resolution(7) */
const PAGE = 4096

const key = z
  .string()
  .refine(isKey, 'expected a sysctl below "net", such as "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.5/rp_filter"')
  .transform(slashed)
  .meta({
    description: 'name of the parameter: begins with "net", its parts apart by "." or "/"',
    examples: ['net.ipv4.ip_forward', 'net/ipv4/conf/eth0.5/rp_filter'],
  })

const value = z
  .union([z.int(), z.string()])
  .transform((raw) => folded(`${raw}`))
  .refine((text) => text.length < PAGE, `expected a value of less than ${PAGE} characters`)
  .refine((text) => !/[\x00-\x1f\x7f]/.test(text), 'expected a value without control characters')
  .meta({
    description: 'value, in the unit of the parameter; white space counts as one space',
    examples: [1, '4096 131072 6291456'],
  })

/**
 * What a sysctl step is asked for; its key becomes the slashed one. The first separator of a key decides, as in
 * sysctl(8): `net.ipv4.conf.eth0/5.rp_filter` and `net/ipv4/conf/eth0.5/rp_filter` are of the link `eth0.5`.
 */
export const sysctlInput = z
  .strictObject({ netns: netnsName.optional(), key, value })
  .refine((wanted) => !wanted.key.endsWith('/addr_gen_mode') || wanted.value !== '3', {
    error: 'expected a mode from 0 to 2: with 3 the kernel makes a stable_secret that nothing can take away',
    path: ['value'],
  })

/** A sysctl step's input after validation. */
export type SysctlInput = z.output<typeof sysctlInput>

/** Writes blanks and tabs between the parts of a value as one space each: the kernel prints tabs. */
export const folded = (text: string): string => text.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')

function slashed(text: string): string {
  return /[./]/.exec(text)?.[0] === '.' ? swapped(text) : text
}

function isKey(text: string): boolean {
  if (text.length > PAGE) return false
  const [net, ...parts] = slashed(text).split('/')
  return net === 'net' && parts.length > 0 && parts.every(isPart)
}

const isPart = (part: string): boolean => !['', '.', '..'].includes(part) && !/[\s\x00-\x1f\x7f=]/.test(part)
