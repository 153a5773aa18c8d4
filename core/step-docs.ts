import { z } from 'zod'
import type { Json } from './json.ts'

/** What people are told of a step type beyond its summary. What its fields mean, its `input` says. */
export interface StepDocs {
  /** Plain paragraphs with an empty line between them. */
  readonly details?: string
  /** Whole steps, as a workflow has them; `name` says what each is for. */
  readonly examples?: readonly StepExample[]
  /** What each of the step's outputs is, with its unit. */
  readonly outputs?: { readonly [name: string]: string }
  /** Where the programs and the kernel are documented: man pages such as `ip-link(8)`, or addresses. */
  readonly manual?: readonly string[]
}

/** A step as a workflow file has it. */
export interface StepExample {
  readonly id: string
  readonly uses: string
  readonly name?: string
  readonly with: { readonly [field: string]: Json }
}

const step = z.object({
  id: z.string(),
  uses: z.string(),
  name: z.string().optional(),
  with: z.record(z.string(), z.json()),
})

const shape = z.object({
  details: z.string().optional(),
  examples: z.array(step).optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  manual: z.array(z.string()).optional(),
})

/** Says what is wrong with the docs of a plugin, which may be plain JavaScript that nobody has checked; undefined when nothing is. */
export function docsMistake(docs: unknown): string | undefined {
  const { error } = shape.safeParse(docs ?? {})
  const [issue] = error?.issues ?? []
  return issue && `${['docs', ...issue.path].join('.')}: ${issue.message}`
}
