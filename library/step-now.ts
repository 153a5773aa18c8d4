import type { Failure } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import { outputsOfRun } from '../core/run-outputs.ts'
import type { Run, StepRecord } from '../core/run.ts'
import type { Secrets } from '../core/secret.ts'

/** What has become of a step. */
export interface StepNow {
  readonly uses: string
  readonly status: StepRecord['status']
  /** What it gives to later steps, once it holds. */
  readonly outputs: { readonly [name: string]: Json }
  /** Why it was not applied, or not taken back. */
  readonly failure?: Failure
  /** Why an undo has kept it. */
  readonly reason?: string
}

/** Says what has become of each step of a run, in the workflow's order. */
export function stepsNow({ steps }: Run, { reveal }: Secrets): { readonly [id: string]: StepNow } {
  const all = [...steps].map(([id, { spec, status, outputs = {}, failure, reason }]) => [
    id,
    {
      uses: spec.uses,
      status,
      outputs: reveal(outputs),
      ...(failure === undefined || !status.endsWith('failed') ? {} : { failure }),
      ...(reason === undefined || status !== 'kept' ? {} : { reason }),
    },
  ])
  return Object.fromEntries(all) as { readonly [id: string]: StepNow }
}

/** The outputs of a workflow that can be told by now. */
export const outputsNow = (run: Run, { reveal }: Secrets): { readonly [name: string]: Json } =>
  reveal(outputsOfRun(run))
