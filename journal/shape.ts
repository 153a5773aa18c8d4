import type { Entry, RunEvent } from '../core/events.ts'
import { STEP_ID } from '../core/step-id.ts'
import { anyOf, check, fields, list, matching, number, object, optional, present, record, told } from './check.ts'
import { text, type Check } from './check.ts'

/**
 * What the lines of a journal have to look like. Fields that are not named here may be there: a newer nsnet wrote them.
 */
const texts = list(text)

const command = object({
  argv: list(text, 1),
  stdin: optional(text),
  timeoutMs: optional(number),
  okExits: optional(list(number)),
})
const commands = list(command)
const resources = object({ creates: optional(texts), uses: optional(texts), shares: optional(texts) })
const flag = check('a boolean', (value) => typeof value === 'boolean')
const output = object({ stdout: text, stderr: text, exitCode: number, timedOut: flag, durationMs: number })
const failure = object({
  message: text,
  hint: optional(text),
  command: optional(command),
  output: optional(output),
  succeeded: optional(number),
})
const facts = object({
  uplink: text,
  hostname: text,
  kernel: text,
  boot: text,
  netns: number,
  iptables: anyOf('nft', 'legacy', 'none'),
})
const netns = record(object({ inode: number, made: text }))
const id = matching(STEP_ID, 'the id of a step')
const spec = object({
  id,
  uses: text,
  name: optional(text),
  with: fields,
  at: object({ line: number, column: number, pointer: text, file: optional(text) }),
  needs: optional(list(id)),
  if: optional(check('a boolean or a text', (value) => typeof value === 'boolean' || typeof value === 'string')),
  retry: optional(object({ times: number, delayMs: number, factor: number, on: optional(texts) })),
  timeoutMs: optional(number),
  onFailure: optional(anyOf('continue')),
  finally: optional(flag),
})

const events: { readonly [type in RunEvent['type']]: Check } = {
  RunStarted: object({
    run: text,
    nsnet: text,
    workflow: object({ name: text, path: text, text, hash: text }),
    inputs: fields,
    secrets: optional(record(text)),
    facts,
    plugins: texts,
    traceparent: optional(text),
    unit: optional(text),
    borrows: optional(flag),
    steps: list(spec),
    outputs: optional(fields),
  }),
  StepPlanned: object({
    step: id,
    input: present,
    before: present,
    apply: commands,
    undo: commands,
    resources,
    netns: optional(netns),
    at: optional(text),
  }),
  StepApplied: object({
    step: id,
    after: present,
    undo: commands,
    netns,
    outputs: fields,
    durationMs: number,
  }),
  StepSatisfied: object({ step: id, input: present, resources, outputs: fields, durationMs: number }),
  StepCalledOff: object({ step: id }),
  StepSkipped: object({ step: id, reason: text }),
  StepRetried: object({ step: id, failure, attempt: number, delayMs: number }),
  StepFailed: object({ step: id, failure, continues: optional(flag) }),
  RunInterrupted: object({ signal: text }),
  RunResumed: object({ facts: optional(facts), outliving: optional(list(id)) }),
  RepairStarted: object({ steps: list(id) }),
  UndoStarted: object({ until: optional(id) }),
  UndoPlanned: object({ step: id, undo: commands }),
  StepUndone: object({
    step: id,
    how: anyOf('undone', 'gone', 'not ours'),
    reason: optional(text),
    durationMs: number,
  }),
  StepKept: object({ step: id, reason: text, neededBy: optional(texts), durationMs: number }),
  UndoFailed: object({ step: id, failure }),
}

const known = check('an event that nsnet knows', (type) => typeof type === 'string' && Object.hasOwn(events, type))
const event = object({ type: known })

const entry = object({
  at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time in UTC'),
  event: (value) => event(value) ?? events[(value as RunEvent).type](value),
})

/** How deep a line may be nested: what is deeper would overflow the stack of whoever looks at it. */
const MAX_DEPTH = 200

/** Says what is wrong with the shape of a line; undefined when nothing is. */
export function shapeMistake(line: Entry): string | undefined {
  if (!isShallow(line, MAX_DEPTH)) return `expected at most ${MAX_DEPTH} levels of nesting, got more`
  const wrong = entry(line)
  return wrong && told(wrong)
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (levels === 0) return false
  if (!Array.isArray(value)) {
    // cheaper by far than a list of its values
    for (const name in value)
      if (!isShallow((value as { readonly [name: string]: unknown })[name], levels - 1)) return false
    return true
  }
  for (const item of value) if (!isShallow(item, levels - 1)) return false
  return true
}
