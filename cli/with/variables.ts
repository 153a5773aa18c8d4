import type { Json } from '../../core/json.ts'
import type { Run } from '../../core/run.ts'
import type { Secrets } from '../../core/secret.ts'
import { outputsNow, stepsNow } from '../../library/step-now.ts'

/**
 * Lays out what a command is told of a run: `NSNET_RUN` is its id, `NSNET_OUTPUT_NAME` an output of the workflow,
 * `NSNET_STEPS_ID_NAME` one of a step. A text stands there as it is, everything else as JSON. Left out is what is null, what
 * holds a secret, and what holds a character that no environment can.
 */
export function variablesOf(run: Run, secrets: Secrets): { readonly [name: string]: string } {
  const outputs = Object.entries(outputsNow(run, secrets)).map(
    ([name, value]) => [wordOf('OUTPUT', name), value] as const,
  )
  const steps = Object.entries(stepsNow(run, secrets)).flatMap(([id, step]) =>
    Object.entries(step.outputs).map(([name, value]) => [wordOf('STEPS', id, name), value] as const),
  )
  const texts = [...steps, ...outputs].map(([name, value]) => [name, textOf(value)] as const)
  const fit = texts.filter(([, text]) => text !== 'null' && !secrets.holds(text) && !text.includes('\0'))
  return { ...Object.fromEntries(fit), NSNET_RUN: run.started.run }
}

const wordOf = (...parts: readonly string[]): string =>
  ['NSNET', ...parts].map((part) => part.toUpperCase().replace(/\W/g, '_')).join('_')

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
