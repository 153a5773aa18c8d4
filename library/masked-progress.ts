import type { Progress } from '../core/ports.ts'
import type { Secrets } from '../core/secret.ts'

/** Takes the secrets out of what is told of a step. */
export function maskedProgress(progress: Progress, { hide, mask }: Secrets): Progress {
  const hidden = hide(progress)
  return hidden.doing === 'wait' ? { ...hidden, message: mask(hidden.message) } : hidden
}
