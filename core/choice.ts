import { z } from 'zod'

/** A word of a few, with what it is for and what each word means: `nsnet steps` and editors tell it. */
export function choice<const Word extends string>(description: string, meanings: { readonly [word in Word]: string }) {
  const words = Object.keys(meanings) as Word[]
  return z.enum(words).meta({ description, enumDescriptions: Object.values(meanings), examples: words.slice(0, 1) })
}
