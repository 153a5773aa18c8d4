import type { Given } from '../core/given.ts'
import type { StartOptions } from './options.ts'

/** What the options of a run give for its inputs. */
export const givenOf = ({ inputs = {}, secrets = {} }: Pick<StartOptions, 'inputs' | 'secrets'>): Given => ({
  texts: {},
  values: { ...inputs, ...secrets },
  valuesBy: 'the program',
  howToSet: (name, secret) => `set it: { ${secret ? 'secrets' : 'inputs'}: { ${keyOf(name)}: … } }`,
  environment: {},
})

const keyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))
