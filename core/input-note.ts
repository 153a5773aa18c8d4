import type { Template } from './expression.ts'
import { giftFor, howGiven, type Given } from './given.ts'
import { isSecretInput } from './inputs.ts'
import type { Json } from './json.ts'
import { got, withNotes, type Hint } from './problems.ts'
import type { Draft } from './workflow.ts'

/** Where inputs have their values from. */
export interface InputValues {
  readonly draft: Pick<Draft, 'inputs'>
  readonly given: Given
  readonly inputs: { readonly [name: string]: Json }
}

/** Says how the input was given that a text is and nothing else, as it was typed; undefined when it was not given from outside. */
export function givenWholly({ draft, given }: InputValues, { only }: Template): string | undefined {
  const [root, name = ''] = only ?? []
  return root === 'inputs' && only?.length === 2 ? howGiven(given, name, isSecretInput(draft, only)) : undefined
}

/** Adds to a hint what the inputs are that an expression reads, and who set them: a mistake in one is mended there. */
export function withInputNote(site: InputValues, { references }: Template, hint: Hint): Hint {
  const names = references.flatMap((it) => (isSecretInput(site.draft, it) || it[0] !== 'inputs' ? [] : [it[1] ?? '']))
  return withNotes(
    hint,
    [...new Set(names)].flatMap((name) => noteOf(site, name) ?? []),
  )
}

function noteOf({ given, inputs }: InputValues, name: string): string | undefined {
  if (!Object.hasOwn(inputs, name)) return undefined
  return `the input "${name}" is ${got(inputs[name])}, ${originOf(given, name)}`
}

function originOf(given: Given, name: string): string {
  const gift = giftFor(given, name)
  if (gift === undefined) return 'its default'
  const { valuesBy = 'the workflow around this one' } = given
  return `as ${{ texts: '--set', values: valuesBy, environment: `NSNET_INPUT_${name}` }[gift.among]} says`
}
