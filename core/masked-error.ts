import { NsnetError } from './errors.ts'

/** Takes secrets out of what is told of an error: its message, its hint, and the stack of a bug. */
export function maskedError(error: unknown, mask: (text: string) => string): unknown {
  if (error instanceof NsnetError) {
    return new NsnetError(error.code, mask(error.message), error.hint && mask(error.hint), { cause: error.cause })
  }
  if (error instanceof Error) error.stack = mask(error.stack ?? error.message)
  return error
}
