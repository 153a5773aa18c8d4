import { z } from 'zod'
import type { Entry } from '../core/events.ts'
import { mistakesOf } from '../core/issues.ts'
import { pointerOf } from '../core/problems.ts'
import type { Schema } from '../core/schema.ts'
import { STEP_ID } from '../core/step-id.ts'

/**
 * What the lines of a journal have to look like. Fields that are not named here may be there: a newer nsnet wrote them.
 */
const text = z.string()
const texts = z.array(text)
const number = z.number()
const json = z.unknown().refine((value) => value !== undefined, 'expected a value')
const fields = z.record(text, z.unknown())

const command = z.object({
  argv: texts.min(1),
  stdin: text.optional(),
  timeoutMs: number.optional(),
  okExits: z.array(number).optional(),
})
const commands = z.array(command)
const resources = z.object({ creates: texts.optional(), uses: texts.optional(), shares: texts.optional() })
const output = z.object({ stdout: text, stderr: text, exitCode: number, timedOut: z.boolean(), durationMs: number })
const failure = z.object({
  message: text,
  hint: text.optional(),
  command: command.optional(),
  output: output.optional(),
  succeeded: number.optional(),
})
const facts = z.object({
  uplink: text,
  hostname: text,
  kernel: text,
  boot: text,
  netns: number,
  iptables: z.enum(['nft', 'legacy', 'none']),
})
const netns = z.record(text, z.object({ inode: number, made: text }))
const id = text.regex(STEP_ID, 'expected the id of a step')
const spec = z.object({
  id,
  uses: text,
  name: text.optional(),
  with: fields,
  at: z.object({ line: number, column: number, pointer: text }),
})

const eventShape = z.discriminatedUnion(
  'type',
  [
    z.object({
      type: z.literal('RunStarted'),
      run: text,
      nsnet: text,
      workflow: z.object({ name: text, path: text, text, hash: text }),
      inputs: fields,
      secrets: z.record(text, text).optional(),
      facts,
      plugins: texts,
      traceparent: text.optional(),
      unit: text.optional(),
      steps: z.array(spec),
    }),
    z.object({
      type: z.literal('StepPlanned'),
      step: id,
      input: json,
      before: json,
      apply: commands,
      undo: commands,
      resources,
      netns: netns.optional(),
      at: text.optional(),
    }),
    z.object({
      type: z.literal('StepApplied'),
      step: id,
      after: json,
      undo: commands,
      netns,
      outputs: fields,
      durationMs: number,
    }),
    z.object({
      type: z.literal('StepSatisfied'),
      step: id,
      input: json,
      after: json.optional(),
      resources,
      outputs: fields,
      durationMs: number,
    }),
    z.object({ type: z.literal('StepFailed'), step: id, failure }),
    z.object({ type: z.literal('RunInterrupted'), signal: text }),
    z.object({ type: z.literal('RunResumed'), facts: facts.optional() }),
    z.object({ type: z.literal('RepairStarted'), steps: z.array(id) }),
    z.object({ type: z.literal('UndoStarted'), until: id.optional() }),
    z.object({ type: z.literal('UndoPlanned'), step: id, undo: commands }),
    z.object({
      type: z.literal('StepUndone'),
      step: id,
      how: z.enum(['undone', 'gone', 'not ours']),
      reason: text.optional(),
      durationMs: number,
    }),
    z.object({
      type: z.literal('StepKept'),
      step: id,
      reason: text,
      neededBy: texts.optional(),
      durationMs: number,
    }),
    z.object({ type: z.literal('UndoFailed'), step: id, failure }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? 'expected an event that nsnet knows' : undefined) },
)

const entryShape = z.object({
  at: text.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'expected a time in UTC'),
  event: eventShape,
})

/** How deep a line may be nested: what is deeper would overflow the stack of whoever looks at it. */
const MAX_DEPTH = 200

/** Says what is wrong with the shape of a line; undefined when nothing is. */
export function shapeMistake(line: Entry): string | undefined {
  if (!isShallow(line, MAX_DEPTH)) return `expected at most ${MAX_DEPTH} levels of nesting, got more`
  const { error } = entryShape.safeParse(line)
  if (!error) return undefined
  const [first] = mistakesOf(error.issues, line, entryShape as Schema<unknown>)
  return first ? `${pointerOf(first.path)}: ${first.message}` : 'expected an event that nsnet knows'
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1))
}
