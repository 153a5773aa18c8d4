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
