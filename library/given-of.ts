import type { Given } from '../core/given.ts'
import type { StartOptions } from './options.ts'

/** What the options of a run give for its inputs. */
export const givenOf = ({ inputs = {}, secrets = {} }: Pick<StartOptions, 'inputs' | 'secrets'>): Given => ({
  texts: {},
  values: { ...inputs, ...secrets },
  valuesBy: 'the program',
  environment: {},
})
