import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { Facts } from '../core/step.ts'
import { openSandbox } from '../library/sandbox/sandbox.ts'
import { inOneGo } from './one-go.ts'

/** A kernel of one's own: the sandbox of nsnet. */
export interface World {
  /** Runs a command inside. */
  readonly exec: Exec
  /** Runs commands that only look, many at one go. */
  readonly look: Exec
  readonly facts: () => Promise<Facts>
  /** Ends all that runs inside, with its namespaces. */
  readonly close: () => Promise<void>
}

/** The program that is tested with: the built nsnet of which this file is a part. */
export const program = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../dist/nsnet.js' : './nsnet.js', import.meta.url),
)

/** Opens the sandbox of nsnet: a host with an uplink, and an internet behind it. @throws SANDBOX_UNAVAILABLE */
export async function openWorld(): Promise<World> {
  if (!existsSync(program))
    throw new NsnetError('SANDBOX_UNAVAILABLE', `expected ${program}, found nothing`, 'npm start')
  const { place, holder, end } = await openSandbox([process.execPath, program])
  const exec = place.exec()
  return { exec, look: inOneGo(exec, `/proc/${holder.pid}/root`), facts: place.facts, close: end }
}
