import type { Json } from '../json.ts'
import { PLUGIN_LIMIT_MS, timeLimit } from '../time-limit.ts'
import { ofText } from '../memo.ts'
import { NoAnswer, talkWith, type Talk } from './exchange.ts'
import { answerIn, requestLine, type Ask } from './protocol.ts'

/** A process without questions for so long is ended, in milliseconds: whoever uses nsnet as a library goes on. */
const IDLE_MS = 10_000

/** Asks a plugin, and gives its answer at once. @throws Error that says what came instead */
export type Asking = (ask: Ask | 'schema', more: { readonly [name: string]: unknown }) => Json

/**
 * Asks the plugin in a file: its process is started with the first request, answers all of them, and ends with nsnet. Since
 * answers depend on nothing but the request, equal ones are asked once. A process that ended after an answer, as those may that
 * know only one, is started again.
 */
export function asking(path: string): Asking {
  let talk: Talk | undefined
  const hangUp = (): void => {
    talk?.end()
    talk = undefined
  }
  const idle = setTimeout(hangUp, IDLE_MS).unref()
  const limitMs = timeLimit(PLUGIN_LIMIT_MS)
  const once = (line: string): string => {
    talk ??= talkWith(path, limitMs)
    idle.refresh()
    try {
      return talk.ask(line)
    } catch (error) {
      talk = undefined
      throw error
    }
  }
  const answers = ofText((line) => {
    try {
      return once(line)
    } catch (error) {
      if (error instanceof NoAnswer && error.quiet) return once(line)
      throw error
    }
  })
  return (ask, more) => {
    try {
      return answerIn(answers(requestLine(ask, more)), ask)
    } catch (error) {
      // nobody knows what else it would say
      hangUp()
      // where this was noticed tells nothing: the mistake is in that file
      throw Object.assign(error as Error, { name: 'Error', stack: `\n    at ${path}` })
    }
  }
}
