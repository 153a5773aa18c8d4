import { withArticle } from '../core/counted.ts'
import { NsnetError } from '../core/errors.ts'
import { isObject } from '../core/json.ts'
import { didYouMean } from '../core/near.ts'

type Kind = readonly [what: string, fits: (value: unknown) => boolean]

const text: Kind = [
  'a text that is not empty, without NUL',
  (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
]
const yesOrNo: Kind = ['true or false', (value) => typeof value === 'boolean']
const values: Kind = ['an object of values', isObject]

const kinds: { readonly [name: string]: Kind } = {
  stateDir: text,
  secrets: values,
  steps: ['a list of step types', Array.isArray],
  signal: ['an AbortSignal', (value) => isObject(value) && typeof value['addEventListener'] === 'function'],
  wait: yesOrNo,
  inputs: values,
  to: text,
  cascade: yesOrNo,
  force: yesOrNo,
  netns: text,
  stdin: ['a text', (value) => typeof value === 'string'],
  timeoutMs: ['a number of milliseconds above 0', (value) => typeof value === 'number' && value > 0],
}

/**
 * Refuses an option that there is not (one that is misspelt would let a run work on the machine itself), and one that is not
 * what it has to be.
 *
 * @throws USAGE
 */
export function expectOptions(verb: string, known: readonly string[], options: unknown): void {
  if (!isObject(options))
    throw new NsnetError('USAGE', `expected an object of options for ${verb}(), got ${kindOf(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) {
      const hint = didYouMean(name, known) ?? `there are ${known.join(', ')}`
      throw new NsnetError('USAGE', `expected options of ${verb}(), got "${name}"`, hint)
    }
    const [what, fits] = kinds[name] ?? []
    if (fits === undefined || value === undefined || fits(value)) continue
    throw new NsnetError('USAGE', `expected the option "${name}" of ${verb}() to be ${what}, got ${kindOf(value)}`)
  }
}

/** Says what something is, and not its value, which may be a secret. */
const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : withArticle(typeof value)
