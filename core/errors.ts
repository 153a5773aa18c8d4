/**
 * What nsnet refuses, by stable code.
 *
 * Outcomes that a run expects (a step that fails, a step that is kept) are events. Anything that is neither an event nor
 * an `NsnetError` is a bug and keeps its stack.
 */
export type ErrorCode =
  | 'USAGE'
  | 'WORKFLOW_INVALID'
  | 'WORKFLOW_UNREADABLE'
  | 'PLUGIN_INVALID'
  | 'RUN_NOT_FOUND'
  | 'RUN_AMBIGUOUS'
  | 'RUN_UNDONE'
  | 'IN_USE'
  | 'OTHER_NETNS'
  | 'JOURNAL_BROKEN'
  | 'JOURNAL_UNWRITABLE'
  | 'STATE_DIR_UNSAFE'
  | 'LOCKED'
  | 'NEEDS_PRIVILEGE'
  | 'TOOL_MISSING'
  | 'TOOL_FAILED'
  | 'SANDBOX_UNAVAILABLE'
  | 'SANDBOX_GONE'
  | 'STEP_FAILED'
  | 'INTERRUPTED'
  | 'UNDO_FAILED'
  | 'UNDO_KEPT'
  | 'TRACE_FAILED'
  | 'UNIT_UNWRITABLE'
  | 'NOT_EXPORTABLE'

/** A refusal: what was expected, what came, and in `hint` what to type next. */
export class NsnetError extends Error {
  override readonly name = 'NsnetError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}
