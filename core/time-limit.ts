import { Script } from 'node:vm'
import { NsnetError } from './errors.ts'

/** Reads `NSNET_TIMEOUT`: how long a command or a plugin may take, in milliseconds; `otherwise` where it is not set. @throws USAGE when it is no number of seconds */
export function timeLimit(otherwise: number): number {
  const seconds = process.env['NSNET_TIMEOUT']
  if (seconds === undefined || seconds === '') return otherwise
  if (/^\d{1,6}(\.\d{1,3})?$/.test(seconds) && Number(seconds) > 0) return Number(seconds) * 1000
  throw new NsnetError('USAGE', `expected NSNET_TIMEOUT to be a number of seconds, such as 60, got "${seconds}"`)
}

/** How long a plugin's file may take to load, and each call of its functions, in milliseconds. */
export const PLUGIN_LIMIT_MS = 10_000

/** Says in words that something was ended. */
export const tooLong = (ms: number): string =>
  `took longer than ${ms / 1000} s: does it end? (NSNET_TIMEOUT sets the limit)`

const slot = Symbol.for('nsnet.limited')
const place = globalThis as { [slot]?: (() => unknown) | undefined }
let script: Script | undefined

/**
 * Does a work that waits for nothing, and ends it when it takes too long: an endless loop, an endless regular expression. It costs
 * some 0.15 ms, for V8 starts a thread that watches.
 *
 * @see vm.Script in the documentation of Node.js
 * @throws whatever the work throws; an Error when it was ended
 */
export function within<T>(ms: number, work: () => T): T {
  script ??= new Script(`globalThis[Symbol.for('nsnet.limited')]()`)
  const around = place[slot]
  place[slot] = work
  try {
    return script.runInThisContext({ timeout: ms }) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw tookTooLong(ms)
  } finally {
    place[slot] = around
  }
}

/** What is thrown then; where it was noticed tells nothing about where the mistake is. */
export const tookTooLong = (ms: number): Error => Object.assign(new Error(tooLong(ms)), { stack: '' })

/** Waits for what comes, and no longer than that. @throws what comes instead; what `refusal` gives when it takes too long */
export async function inTime<T>(ms: number, coming: PromiseLike<T>, refusal: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(refusal()), ms)
  })
  try {
    return await Promise.race([coming, over])
  } finally {
    clearTimeout(timer)
  }
}
