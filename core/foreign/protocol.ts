import { z } from 'zod'
import { isObject, type Json } from '../json.ts'

/** The version of what nsnet and plugins in other languages say to each other. */
export const PROTOCOL = 1

/**
 * What each request carries beside `nsnet`, `ask` and `type`: the arguments of the function of the same name in `Step`, in
 * their order. @see core/step.ts
 */
export const requests = {
  resources: ['input'],
  probe: ['input', 'context'],
  observe: ['outputs', 'input', 'context'],
  plan: ['input', 'observed', 'context'],
  undo: ['input', 'before', 'now', 'context'],
  identity: ['state'],
  drift: ['input', 'after', 'now', 'context'],
  changes: ['input', 'observed'],
  outputs: ['state', 'input'],
  outcome: ['input', 'before', 'context'],
  watches: ['input'],
  foretell: ['input', 'state', 'earlier'],
  indivisible: ['input'],
} as const satisfies { readonly [ask: string]: readonly string[] }

/** What a plugin is asked. */
export type Ask = keyof typeof requests

/** What a plugin may leave out, and says in `also` that it does not. */
const optional = ['undo', 'identity', 'drift', 'changes', 'outcome', 'watches', 'foretell', 'indivisible'] as const

const text = z.string().min(1)

const step = z.strictObject({
  type: text,
  summary: z.string().optional(),
  input: z.looseObject({}),
  also: z.array(z.enum(optional)).default([]),
  outputs: z.record(text, z.string()).default({}),
  onlyLooks: z.boolean().default(false),
  docs: z.looseObject({}).optional(),
})

/** The answer to `schema`. */
export const schemaAnswer = z.strictObject({
  protocol: z.literal(PROTOCOL, `expected ${PROTOCOL}, the version that this nsnet speaks`),
  steps: z.array(step).min(1),
})

/** A step type as a plugin describes it. */
export type Described = z.output<typeof step>

/** Writes a request. */
export const requestLine = (ask: string, more: { readonly [name: string]: unknown }): string =>
  JSON.stringify({ nsnet: PROTOCOL, ask, ...more })

/** Reads one line of a plugin: `{ "answer": … }`, or that it cannot answer, `{ "error": "…" }`. @throws Error with what came */
export function answerIn(line: string, ask: string): Json {
  const told = parsed(line)
  if (told !== undefined && isObject(told)) {
    const { answer, error } = told
    if (typeof error === 'string') throw new Error(error)
    if (answer !== undefined) return answer
  }
  throw new Error(`expected a line { "answer": … } to "${ask}", got ${JSON.stringify(line.slice(0, 200))}`)
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json
  } catch {
    return undefined
  }
}
