import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { netnsName } from '../../core/net.ts'
import { families, identifier } from './nft-input.ts'
import { isInterval, keyOfParts, overlap, partsOf, TYPES, type ElementType, type Part } from './nftset-elements.ts'

const FLAGS = {
  interval: 'elements may be prefixes and ranges',
  timeout: 'others may add elements that end by themselves',
  dynamic: 'rules may add elements',
}

const shape = z.strictObject({
  netns: netnsName.optional(),
  family: choice('family of the table', families).optional().meta({ default: 'ip' }),
  table: identifier.meta({ description: 'name of the table, which has to be there', examples: ['lab'] }),
  name: identifier.meta({ description: 'name of the set, in rules "@NAME"', examples: ['allowed'] }),
  type: z
    .string()
    .refine((text) => typesIn(text).every((type) => TYPES.includes(type)), {
      error: `expected one of ${TYPES.join(', ')}, or several of them with " . " between`,
    })
    .meta({
      description: `what its elements are: ${TYPES.join(', ')}, or several with " . " between`,
      examples: ['ipv4_addr', 'ipv4_addr . inet_service'],
    }),
  flags: z
    .array(z.enum(Object.keys(FLAGS) as (keyof typeof FLAGS)[]))
    .optional()
    .meta({
      description: `what else it can: ${Object.entries(FLAGS)
        .map(([flag, meaning]) => `"${flag}": ${meaning}`)
        .join('; ')}`,
      examples: [['interval']],
    }),
  elements: z
    .array(z.union([z.string(), z.int().min(0)]))
    .max(10_000)
    .optional()
    .meta({
      description: 'elements that it has to have, beside those of others',
      examples: [['10.0.0.1', '10.0.0.2']],
    }),
})

/** What a workflow says to `nftset`: a set, which is made where it is not there, and elements of it. */
export const nftsetInput = shape.superRefine((input, { addIssue }) => {
  const refuse = (path: (string | number)[], message: string): void => addIssue({ code: 'custom', path, message })
  const types = typesIn(input.type)
  const known: (readonly Part[])[] = []
  for (const [at, element] of (input.elements ?? []).entries()) {
    const parts = partsOf(types, `${element}`)
    if (!parts) refuse(['elements', at], `expected an element of type ${input.type}`)
    else if (isInterval(parts) && !input.flags?.includes('interval'))
      refuse(['elements', at], 'expected a single value: the set has no flag "interval"')
    else known.push(parts)
  }
  const sorted = known.toSorted((a, b) => (keyOfParts(a) < keyOfParts(b) ? -1 : 1))
  const twice = sorted.find((parts, at) => at > 0 && keyOfParts(sorted[at - 1]!) === keyOfParts(parts))
  if (twice) refuse(['elements'], 'expected each element once')
  else if (known.length <= 1000 && known.some((a, at) => known.some((b, other) => other > at && overlap(a, b))))
    refuse(['elements'], 'expected elements that do not overlap')
})

/** A nftset step's input after validation. */
export type NftsetInput = z.output<typeof shape>

/** The types of the parts of an element. */
export const typesIn = (type: string): readonly ElementType[] => type.trim().split(/\s+\.\s+/) as ElementType[]
