import type { Exec } from '../command.ts'
import type { StepRecord } from '../run.ts'

/** Runs commands of a step with a time limit, the last of which ends when it is over; with none, as they are. */
export function withinLimit(exec: Exec, { spec, at }: StepRecord, phase: 'planning' | 'applying'): Exec {
  if (spec.timeoutMs === undefined) return exec
  const began = phase === 'applying' && at !== undefined ? Date.parse(at) : Date.now()
  const end = began + spec.timeoutMs
  return async (command) => {
    const left = end - Date.now()
    if (left <= 0) return { stdout: '', stderr: '', exitCode: 124, timedOut: true, durationMs: spec.timeoutMs! }
    return await exec({ ...command, timeoutMs: Math.min(left, command.timeoutMs ?? left) })
  }
}
